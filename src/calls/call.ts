import type { MediaPlane, NegotiatedMedia, SessionStats, SpokenPiece } from '../media/contract.ts';
import type { CallOutcome, CallRecordEvent } from '../records/contract.ts';
import type { Clock, Timer } from '../runtime/clock.ts';
import { describeError, type ErrorRecord, isError, SpeakerpostError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import type { Metrics } from '../runtime/metrics.ts';
import type { IncomingInvite, SipDialog } from '../sip/contract.ts';
import type { CallState, LiveCall, LiveEvent } from './contract.ts';
import type { OrderTaking } from './order-taking.ts';

/** The apology must not hold a guest longer than this. */
const APOLOGY_LIMIT_MS = 15_000;

/** What a call needs to know of SDP: src/media/sdp behind two functions. */
export interface MediaDescriptions {
  /** @throws SDP_INVALID, SDP_NO_COMMON_CODEC */
  read(offer: string): NegotiatedMedia;
  /** The answer to `offer` for a session on this port. */
  answer(offer: string, media: NegotiatedMedia, rtpPort: number): string;
}

export interface CallOptions {
  readonly callId: string;
  readonly storeId: string;
  readonly lane: string;
  readonly menuId: string;
  readonly personaId: string;
  readonly seed: number;
  readonly bindAddress: string;
  readonly maxMs: number;
  readonly apologyFile: string;
  readonly retryAfterSeconds: number;
  /** Path of the recording without suffix; null: none. */
  readonly recordingPath: string | null;
  readonly consent: string | null;
  /** Do not greet: play the apology at once (the disk refuses tickets). */
  readonly apologise: ErrorRecord | null;
}

export interface CallDeps {
  readonly media: MediaPlane;
  readonly descriptions: MediaDescriptions;
  readonly orders: OrderTaking;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly record: (event: CallRecordEvent) => void;
  readonly emit: (event: LiveEvent) => void;
  readonly onEnded: () => void;
}

/**
 * The wiring of one call: answer, lane, frames' text to the order, close, log. It owns no protocol, no media and no order logic.
 * ringing → answered (200 sent) → talking (ACK) → [apologising] → ended.
 */
export class Call {
  readonly startedWallMs: number;
  readonly #options: CallOptions;
  readonly #deps: CallDeps;
  readonly #invite: IncomingInvite;
  #state: CallState = 'ringing';
  #dialog: SipDialog | null = null;
  #media: NegotiatedMedia | null = null;
  #rtpPort = 0;
  #ackMs: number | null = null;
  #limit: Timer | null = null;
  #failure: ErrorRecord | null;
  #stats: SessionStats | null = null;
  #isClosing = false;

  constructor(options: CallOptions, deps: CallDeps, invite: IncomingInvite) {
    this.#options = options;
    this.#deps = deps;
    this.#invite = invite;
    this.#failure = options.apologise;
    this.startedWallMs = deps.clock.wallMs();
  }

  get callId(): string {
    return this.#options.callId;
  }

  get live(): LiveCall {
    return {
      callId: this.#options.callId,
      lane: this.#options.lane,
      state: this.#state,
      from: this.#invite.from,
      startedWallMs: this.startedWallMs,
      words: this.#deps.orders.words,
      orders: this.#deps.orders.orders,
    };
  }

  /** Answers the INVITE with a lane of the model, or with the apology when there is none to be had, or refuses it. */
  async answer(): Promise<void> {
    const { clock, metrics, media: plane, descriptions } = this.#deps;
    const invite = this.#invite;
    const inviteMs = clock.nowMs();
    const offer = invite.sdpOffer;
    if (offer === null) return this.#refuse(488, 'An offer is needed in the INVITE', 'the INVITE has no SDP offer');
    let media: NegotiatedMedia;
    try {
      media = descriptions.read(offer);
    } catch (error) {
      return this.#refuse(488, 'Not Acceptable Here', describe(error));
    }
    this.#media = media;
    let cancelled = false;
    invite.onCancel(() => {
      cancelled = true;
    });
    try {
      await this.#open(media, this.#failure === null);
    } catch (error) {
      if (isError(error, 'LANE_NONE_FREE')) {
        const retryAfter = { 'Retry-After': String(this.#options.retryAfterSeconds) };
        return this.#refuse(486, 'Busy Here', describe(error), retryAfter);
      }
      if (!isError(error, 'LANE_UNAVAILABLE'))
        return this.#refuse(503, 'Service Unavailable', describe(error), { 'Retry-After': '30' });
      this.#failure = describeError(error);
      try {
        await this.#open(media, false);
      } catch (second) {
        return this.#refuse(503, 'Service Unavailable', describe(second), { 'Retry-After': '30' });
      }
    }
    if (cancelled) return this.#abort('cancelled by the caller');
    this.#recordStart(media);
    try {
      this.#dialog = await invite.answer(descriptions.answer(offer, media, this.#rtpPort));
    } catch (error) {
      return this.#abort(describe(error));
    }
    metrics.answerSeconds.observe((clock.nowMs() - inviteMs) / 1_000);
    this.#enter('answered', null);
    this.#wire(this.#dialog, plane);
  }

  onSpoken(piece: SpokenPiece): void {
    if (this.#state === 'talking') this.#deps.orders.push({ piece: piece.piece, atMs: piece.atMs });
  }

  onDtmf(digit: string, atMs: number): void {
    this.#logLine(atMs, 'dtmf', digit);
  }

  onStats(stats: SessionStats): void {
    this.#observe(stats);
  }

  onMediaTimeout(silentMs: number): void {
    this.#logLine(this.#nowMs(), 'media_timeout', `no RTP for ${Math.round(silentMs / 1_000)} s`);
    void this.hangUp({ cause: 408, text: 'No RTP' });
  }

  /** `lane.failed`: the model of this call is lost. The guest hears the apology, then BYE with the reason. */
  onLaneFailed(error: ErrorRecord): void {
    void this.#apologise(error, false);
  }

  /** The media worker died, and the socket with it: a new worker takes the same port for the apology. */
  onMediaLost(error: ErrorRecord): void {
    void this.#apologise(error, true);
  }

  async hangUp(reason: { readonly cause: number; readonly text: string }): Promise<void> {
    if (this.#state === 'ended' || this.#isClosing) return;
    const dialog = this.#dialog;
    const ended = this.#end(reason.text);
    await dialog?.bye(reason);
    await ended;
  }

  async #open(media: NegotiatedMedia, withLane: boolean): Promise<void> {
    const { callId, personaId, seed, bindAddress, recordingPath } = this.#options;
    const opened = await this.#deps.media.open({
      callId,
      bindAddress,
      media,
      lane: withLane ? { personaId, seed } : null,
      rtpPort: this.#rtpPort === 0 ? null : this.#rtpPort,
      recordingPath: withLane ? recordingPath : null,
    });
    this.#rtpPort = opened.rtpPort;
  }

  #wire(dialog: SipDialog, plane: MediaPlane): void {
    const { callId, maxMs } = this.#options;
    const { clock, descriptions } = this.#deps;
    dialog.onEnd((reason) => void this.#end(reason));
    dialog.onInfo((contentType, body) => this.#logLine(this.#nowMs(), 'info', `${contentType}: ${body.slice(0, 200)}`));
    dialog.onOffer((sdp) => {
      const offer = sdp ?? dialog.remoteSdp;
      try {
        const media = descriptions.read(offer);
        void plane
          .update(callId, media)
          .catch((error: unknown) => this.#deps.log.error({ err: error, callId }, 'media update failed'));
        this.#media = media;
        this.#logLine(this.#nowMs(), 'offer', `${media.codec}, ${media.direction}`);
        return { sdp: descriptions.answer(offer, media, this.#rtpPort) };
      } catch (error) {
        this.#logLine(this.#nowMs(), 'offer_refused', describe(error));
        return { status: 488, reason: 'Not Acceptable Here' };
      }
    });
    dialog.onAck(() => {
      if (this.#state !== 'answered') return;
      this.#ackMs = clock.nowMs();
      plane.start(callId);
      this.#logLine(0, 'ack', '');
      if (this.#failure !== null) {
        void this.#apologise(this.#failure, false);
        return;
      }
      this.#enter('talking', null);
      this.#limit = clock.after(maxMs, () => void this.#reachLimit());
    });
  }

  /** A car that has ordered is let go; one in the middle of its order is told where to go on. */
  async #reachLimit(): Promise<void> {
    const seconds = Math.round(this.#options.maxMs / 1_000);
    this.#logLine(this.#nowMs(), 'limit', `calls.maxSeconds ${seconds} reached`);
    if (this.#deps.orders.result === 'no_order') {
      await this.#apologise(describeError(new SpeakerpostError('CALL_TOO_LONG', { seconds })), false);
    } else {
      await this.hangUp({ cause: 200, text: 'Order taken, time is up' });
    }
  }

  async #apologise(error: ErrorRecord, reopen: boolean): Promise<void> {
    if (this.#state === 'ended' || this.#state === 'apologising' || this.#isClosing) return;
    const { callId, apologyFile } = this.#options;
    const { log, metrics, media: plane, clock, emit, orders } = this.#deps;
    this.#failure = error;
    metrics.laneFailures.inc({ code: error.code });
    log.error({ callId, code: error.code, ...error.details }, 'lane failed: the guest hears the apology');
    this.#logLine(this.#nowMs(), 'lane_failed', new SpeakerpostError(error.code, error.details).message);
    emit({ kind: 'alert', callId, error, atWallMs: clock.wallMs() });
    this.#limit?.cancel();
    // Before the ACK nobody listens yet: the ACK starts the apology.
    if (this.#ackMs === null) return;
    this.#enter('apologising', error.code);
    orders.end(this.#nowMs(), 'lane_failed');
    try {
      if (reopen && this.#media !== null) {
        await this.#open(this.#media, false);
        plane.start(callId);
      }
      await this.#withLimit(plane.play(callId, apologyFile), APOLOGY_LIMIT_MS);
    } catch (second) {
      log.error({ err: second, callId }, 'the apology could not be played');
      this.#logLine(this.#nowMs(), 'apology_failed', describe(second));
    }
    await this.hangUp({ cause: 503, text: error.code });
  }

  async #end(reason: string): Promise<void> {
    if (this.#state === 'ended' || this.#isClosing) return;
    this.#isClosing = true;
    this.#limit?.cancel();
    const { callId, lane } = this.#options;
    const { orders, media: plane, record, metrics, clock, log } = this.#deps;
    const durationMs = this.#nowMs();
    orders.end(durationMs, this.#failure === null ? 'left' : 'lane_failed');
    let recording: string | null = null;
    try {
      const closed = await plane.close(callId);
      this.#observe(closed.stats);
      recording = closed.recording;
    } catch (error) {
      log.warn({ err: error, callId }, 'media session was gone before it could be closed');
    }
    const outcome: Exclude<CallOutcome, 'live' | 'interrupted'> = this.#failure === null ? orders.result : 'failed';
    metrics.calls.inc({ lane, outcome });
    record({
      kind: 'ended',
      callId,
      outcome,
      reason,
      endedWallMs: clock.wallMs(),
      durationMs,
      stats: this.#stats,
      recording,
    });
    this.#enter('ended', reason);
    this.#deps.onEnded();
  }

  #recordStart(media: NegotiatedMedia): void {
    const { callId, storeId, lane, menuId, personaId, seed, consent, recordingPath } = this.#options;
    const { source, sipCallId, from } = this.#invite;
    this.#deps.record({
      kind: 'started',
      callId,
      sipCallId,
      storeId,
      lane,
      from,
      source: `${source.transport}/${source.address}:${source.port}`,
      codec: media.codec,
      menuId,
      personaId,
      seed,
      consent: recordingPath === null ? null : consent,
      startedWallMs: this.startedWallMs,
    });
  }

  #refuse(status: number, reason: string, detail: string, headers: Readonly<Record<string, string>> = {}): void {
    const { log, metrics } = this.#deps;
    log.warn({ callId: this.#options.callId, status, detail, source: this.#invite.source.address }, 'call refused');
    metrics.callsRefused.inc({ status: String(status) });
    this.#invite.reject(status, reason, headers);
    this.#enter('ended', `${status} ${detail}`);
    this.#deps.onEnded();
  }

  async #abort(reason: string): Promise<void> {
    await this.#deps.media.close(this.#options.callId).catch(() => undefined);
    this.#deps.log.info({ callId: this.#options.callId, reason }, 'call was given up before it was answered');
    this.#deps.record({
      kind: 'ended',
      callId: this.#options.callId,
      outcome: 'no_order',
      reason,
      endedWallMs: this.#deps.clock.wallMs(),
      durationMs: 0,
      stats: null,
      recording: null,
    });
    this.#enter('ended', reason);
    this.#deps.onEnded();
  }

  #observe(stats: SessionStats): void {
    const { metrics } = this.#deps;
    const { lane } = this.#options;
    const before = this.#stats;
    if (stats.firstFrameMs !== null && (before === null || before.firstFrameMs === null)) {
      metrics.firstFrameSeconds.observe(stats.firstFrameMs / 1_000);
    }
    metrics.underruns.inc({ lane }, Math.max(0, stats.underruns - (before?.underruns ?? 0)));
    metrics.packetsLost.inc({ lane }, Math.max(0, stats.packetsLost - (before?.packetsLost ?? 0)));
    metrics.frameMs.set({ lane, quantile: '0.5' }, stats.frameMsP50);
    metrics.frameMs.set({ lane, quantile: '0.99' }, stats.frameMsP99);
    this.#stats = stats;
  }

  #enter(state: CallState, detail: string | null): void {
    this.#state = state;
    this.#deps.emit({
      kind: 'call',
      callId: this.#options.callId,
      lane: this.#options.lane,
      state,
      detail,
      atWallMs: this.#deps.clock.wallMs(),
    });
  }

  #logLine(atMs: number, what: string, detail: string): void {
    this.#deps.record({ kind: 'log', callId: this.#options.callId, atMs, what, detail });
  }

  /** Milliseconds since the ACK. */
  #nowMs(): number {
    return this.#ackMs === null ? 0 : Math.round(this.#deps.clock.nowMs() - this.#ackMs);
  }

  #withLimit(work: Promise<void>, limitMs: number): Promise<void> {
    let timer: Timer | null = null;
    const limit = new Promise<void>((_, reject) => {
      timer = this.#deps.clock.after(limitMs, () =>
        reject(new SpeakerpostError('APOLOGY_TIMEOUT', { seconds: limitMs / 1_000 })),
      );
    });
    return Promise.race([work, limit]).finally(() => timer?.cancel());
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
