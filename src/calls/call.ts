import type { TrunkConfig } from '../config/store.ts';
import type { MediaPlane, SessionStats, SpokenPiece } from '../media/contract.ts';
import type { Clock, Timer } from '../runtime/clock.ts';
import { describeError, type ErrorRecord, isError, messageOf, SpeakerpostError } from '../runtime/errors.ts';
import type { IncomingInvite, SipDialog } from '../sip/contract.ts';
import { AgentVoice } from './agent-voice.ts';
import type { CallDescriptions } from './call-descriptions.ts';
import type { CallReport } from './call-report.ts';
import type { CallState, CallVoice, LiveCall } from './contract.ts';
import { dtmfDigitOf } from './info-dtmf.ts';
import { MediaLeg, type MediaLegOptions } from './media-leg.ts';
import type { OrderTaking } from './order-taking.ts';

/** `Retry-After` of a 503. */
const UNAVAILABLE_RETRY_SECONDS = 30;

export interface CallOptions extends MediaLegOptions {
  readonly lane: string;
  readonly startedWallMs: number;
  readonly maxMs: number;
  /** `Retry-After` of the 486 when every lane is taken. */
  readonly retryAfterSeconds: number;
  /** What the agent begins with; null: as the model wants. */
  readonly greeting: string | null;
  readonly trunk: Pick<TrunkConfig, 'dtmf' | 'earlyMedia'>;
  /** Do not greet: play the apology at once (the disk refuses tickets). */
  readonly apologise: ErrorRecord | null;
}

export interface CallDeps {
  readonly media: MediaPlane;
  readonly descriptions: CallDescriptions;
  readonly orders: OrderTaking;
  readonly report: CallReport;
  readonly clock: Clock;
  readonly onEnded: () => void;
}

/**
 * The wiring of one call: answer, lane, frames' text to the order, apology, close. It owns no protocol, no media, no order logic.
 *
 * ringing ─200─▶ answered ─ACK─▶ talking ─▶ ended, with apologising in between when the lane fails (docs/lifecycle.md).
 */
export class Call {
  readonly voice: CallVoice;
  readonly #options: CallOptions;
  readonly #deps: CallDeps;
  readonly #invite: IncomingInvite;
  readonly #leg: MediaLeg;
  #state: CallState = 'ringing';
  #isClosing = false;
  #dialog: SipDialog | null = null;
  #ackMs: number | null = null;
  #limit: Timer | null = null;
  #failure: ErrorRecord | null;

  constructor(options: CallOptions, deps: CallDeps, invite: IncomingInvite) {
    this.#options = options;
    this.#deps = deps;
    this.#invite = invite;
    this.#failure = options.apologise;
    const { media: plane, descriptions, clock, report } = deps;
    this.#leg = new MediaLeg(
      options,
      { plane, descriptions, clock },
      {
        changed: (media) => report.line(this.#sinceAckMs(), 'media', `${media.codec}, ${media.direction}`),
        changeFailed: (error) => report.trouble(this.#sinceAckMs(), 'media_update_failed', error),
      },
    );
    this.voice = new AgentVoice({
      callId: options.callId,
      report,
      isTalking: () => this.#state === 'talking' && !this.#isClosing,
      sinceAckMs: () => this.#sinceAckMs(),
      say: (text) => this.#leg.say(text),
    });
  }

  get live(): LiveCall {
    return {
      callId: this.#options.callId,
      lane: this.#options.lane,
      state: this.#state,
      from: this.#invite.from,
      startedWallMs: this.#options.startedWallMs,
      words: this.#deps.orders.words,
      orders: this.#deps.orders.orders,
    };
  }

  /** Answers the INVITE with a lane of the model, or with the apology when there is none to be had, or refuses it. */
  async answer(): Promise<void> {
    const { clock, report } = this.#deps;
    const invite = this.#invite;
    const inviteMs = clock.nowMs();
    let isCancelled = false;
    invite.onCancel(() => {
      isCancelled = true;
    });
    try {
      this.#leg.readOffer(invite.sdpOffer);
    } catch (error) {
      return this.#refuse(488, 'Not Acceptable Here', error);
    }
    const refusal = await this.#takeLane();
    if (refusal !== null) return this.#refuse(refusal.status, refusal.reason, refusal.error, refusal.retryAfterSeconds);
    if (this.#isClosing) return this.#leaveUnanswered();
    report.started(invite, this.#leg.codec, this.#options.startedWallMs);
    if (isCancelled) return this.#end('cancelled by the caller');
    try {
      const sdp = this.#leg.describe();
      if (this.#options.trunk.earlyMedia && invite.sdpOffer !== null) invite.progress(sdp);
      this.#dialog = await invite.answer(sdp);
    } catch (error) {
      return this.#end(messageOf(error));
    }
    if (this.#isClosing) return this.#dialog.bye({ cause: 503, text: 'Gateway stops' });
    report.answered(clock.nowMs() - inviteMs);
    this.#enter('answered', null);
    this.#wire(this.#dialog);
  }

  onSpoken(piece: SpokenPiece): void {
    if (this.#state === 'talking') this.#deps.orders.push({ piece: piece.piece, atMs: piece.atMs });
  }

  /** A key that came as an RTP event. */
  onDtmf(digit: string, atMs: number): void {
    if (this.#options.trunk.dtmf.includes('rfc4733')) this.#deps.report.line(atMs, 'dtmf', digit);
  }

  /** The recording has a gap from here on, or goes on. */
  onRecordingPaused(isPaused: boolean, atMs: number): void {
    this.#deps.report.line(atMs, 'recording', isPaused ? 'paused' : 'goes on');
  }

  onStats(stats: SessionStats): void {
    this.#deps.report.measured(stats);
  }

  onMediaTimeout(silentMs: number): void {
    this.#deps.report.line(this.#sinceAckMs(), 'media_timeout', `no RTP for ${Math.round(silentMs / 1_000)} s`);
    void this.hangUp({ cause: 408, text: 'No RTP' });
  }

  /** `lane.failed`: the model of this call is lost. The guest hears the apology, then BYE with the reason. */
  onLaneFailed(error: ErrorRecord): void {
    void this.#apologise(error);
  }

  /** The media worker died: a new one takes the same port for the apology. */
  onMediaLost(error: ErrorRecord): void {
    this.#leg.lose();
    void this.#apologise(error);
  }

  async hangUp(reason: { readonly cause: number; readonly text: string }): Promise<void> {
    if (this.#isClosing) return;
    const ended = this.#end(reason.text);
    await this.#dialog?.bye(reason);
    await ended;
  }

  /** Takes a port and a lane; only a port when the engine is away (the apology needs no model). */
  async #takeLane(): Promise<Refusal | null> {
    try {
      await this.#leg.open(this.#failure === null);
      return null;
    } catch (error) {
      if (isError(error, 'LANE_NONE_FREE')) {
        return { status: 486, reason: 'Busy Here', error, retryAfterSeconds: this.#options.retryAfterSeconds };
      }
      const unavailable = { status: 503, reason: 'Service Unavailable', retryAfterSeconds: UNAVAILABLE_RETRY_SECONDS };
      if (!isError(error, 'LANE_UNAVAILABLE')) return { ...unavailable, error };
      this.#failure = describeError(error);
      try {
        await this.#leg.open(false);
        return null;
      } catch (second) {
        return { ...unavailable, error: second };
      }
    }
  }

  #wire(dialog: SipDialog): void {
    const { report } = this.#deps;
    dialog.onEnd((reason) => void this.#end(reason));
    dialog.onInfo((contentType, body) => {
      const digit = this.#options.trunk.dtmf.includes('info') ? dtmfDigitOf(contentType, body) : null;
      if (digit !== null) report.line(this.#sinceAckMs(), 'dtmf', digit);
      else report.line(this.#sinceAckMs(), 'info', `${contentType}: ${body.slice(0, 200)}`);
    });
    dialog.onOffer((sdp) => this.#answerOffer(sdp));
    dialog.onAck(() => this.#begin(dialog));
  }

  /** The ACK came: the lane runs, and the agent greets. */
  #begin(dialog: SipDialog): void {
    if (this.#state !== 'answered') return;
    const { clock, report } = this.#deps;
    this.#ackMs = clock.nowMs();
    try {
      this.#leg.readLateAnswer(dialog.remoteSdp);
    } catch (error) {
      report.line(0, 'answer_refused', messageOf(error));
      void this.hangUp({ cause: 488, text: 'No common codec' });
      return;
    }
    this.#leg.start();
    report.line(0, 'ack', '');
    if (this.#failure !== null) {
      void this.#apologise(this.#failure);
      return;
    }
    this.#enter('talking', null);
    const { greeting } = this.#options;
    // The voice's own log has why it could not be said; the model greets by itself then.
    if (greeting !== null) this.voice.say(greeting, 'greeting').catch(() => undefined);
    this.#limit = clock.after(this.#options.maxMs, () => void this.#reachLimit());
  }

  #answerOffer(sdp: string | null): { sdp: string } | { status: number; reason: string } {
    try {
      return { sdp: this.#leg.answerOffer(sdp) };
    } catch (error) {
      this.#deps.report.line(this.#sinceAckMs(), 'offer_refused', messageOf(error));
      return { status: 488, reason: 'Not Acceptable Here' };
    }
  }

  /** A car that has ordered is let go; one in the middle of its order is told where to go on. */
  async #reachLimit(): Promise<void> {
    const seconds = Math.round(this.#options.maxMs / 1_000);
    this.#deps.report.line(this.#sinceAckMs(), 'limit', `calls.maxSeconds ${seconds} reached`);
    if (this.#deps.orders.result === 'no_order') {
      await this.#apologise(describeError(new SpeakerpostError('CALL_TOO_LONG', { seconds })));
    } else {
      await this.hangUp({ cause: 200, text: 'Order taken, time is up' });
    }
  }

  async #apologise(error: ErrorRecord): Promise<void> {
    if (this.#isClosing || this.#state === 'apologising') return;
    const { report, orders } = this.#deps;
    this.#failure = error;
    this.#limit?.cancel();
    // Before the ACK nobody listens yet: the ACK starts the apology.
    if (this.#ackMs === null) return;
    report.laneFailed(this.#sinceAckMs(), error);
    this.#enter('apologising', error.code);
    orders.end(this.#sinceAckMs(), 'lane_failed');
    try {
      await this.#leg.apologise();
    } catch (second) {
      report.trouble(this.#sinceAckMs(), 'apology_failed', second);
    }
    await this.hangUp({ cause: 503, text: error.code });
  }

  async #end(reason: string): Promise<void> {
    if (this.#isClosing) return;
    this.#isClosing = true;
    this.#limit?.cancel();
    const { orders, report } = this.#deps;
    const durationMs = this.#sinceAckMs();
    orders.end(durationMs, this.#failure === null ? 'left' : 'lane_failed');
    let recording: string | null = null;
    try {
      const closed = await this.#leg.close();
      report.measured(closed.stats);
      recording = closed.recording;
    } catch (error) {
      report.trouble(durationMs, 'media_close_failed', error);
    }
    report.ended(this.#failure === null ? orders.result : 'failed', reason, durationMs, recording);
    this.#enter('ended', reason);
    this.#deps.onEnded();
  }

  /** The gateway began to stop while the lane was being opened: what `#end` found nothing of yet is given back. */
  async #leaveUnanswered(): Promise<void> {
    this.#invite.reject(503, 'Service Unavailable', { 'Retry-After': String(UNAVAILABLE_RETRY_SECONDS) });
    await this.#deps.media.close(this.#options.callId);
  }

  #refuse(status: number, reason: string, error: unknown, retryAfterSeconds?: number): void {
    this.#isClosing = true;
    this.#deps.report.refused(status, messageOf(error), this.#invite.source.address);
    this.#invite.reject(status, reason, {
      ...(retryAfterSeconds === undefined ? {} : { 'Retry-After': String(retryAfterSeconds) }),
      // Whoever looks at the intercom sees why (RFC 3261 section 20.43: 399, miscellaneous).
      Warning: `399 speakerpost "${messageOf(error).replaceAll(/["\\]/g, "'")}"`,
    });
    this.#enter('ended', `${status} ${messageOf(error)}`);
    this.#deps.onEnded();
  }

  #enter(state: CallState, detail: string | null): void {
    this.#state = state;
    this.#deps.report.state(state, detail);
  }

  #sinceAckMs(): number {
    return this.#ackMs === null ? 0 : Math.round(this.#deps.clock.nowMs() - this.#ackMs);
  }
}

interface Refusal {
  readonly status: number;
  readonly reason: string;
  readonly error: unknown;
  readonly retryAfterSeconds: number;
}
