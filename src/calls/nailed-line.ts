import type { TrunkConfig } from '../config/store.ts';
import type { MediaPlane } from '../media/contract.ts';
import type { Clock } from '../runtime/clock.ts';
import { messageOf } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import type { IncomingInvite, OfferHandler, SipDialog } from '../sip/contract.ts';
import type { CallDescriptions } from './call-descriptions.ts';
import { CarInvite, carDescriptions } from './car-invite.ts';
import { type CarSignal, type CarSignals, signalOfInfo, signalOfKey } from './car-signal.ts';
import { MediaLeg } from './media-leg.ts';

/** A loop detector that says twice that a car came means one car. */
const BOUNCE_MS = 2_000;

export interface NailedLineOptions {
  /** Of the media plane, between cars. */
  readonly lineId: string;
  readonly lane: string;
  readonly bindAddress: string;
  readonly apologyFiles: readonly string[];
  readonly signals: CarSignals;
  /** How keys may come. */
  readonly dtmf: TrunkConfig['dtmf'];
}

/** What a car's call takes from its line. */
export interface CarStart {
  readonly invite: CarInvite;
  readonly descriptions: CallDescriptions;
  /** The line's, which the intercom sends to. */
  readonly rtpPort: number | null;
  readonly carNumber: number;
  /** Since the line was answered. */
  readonly offsetMs: number;
}

export interface NailedLineDeps {
  readonly media: MediaPlane;
  readonly descriptions: CallDescriptions;
  readonly clock: Clock;
  readonly log: Log;
  /** Begins the call of a car, and returns its id. */
  readonly onCar: (start: CarStart) => string;
  readonly onEnded: () => void;
}

/**
 * A SIP call that stays up for days, with a car every few minutes: each car is a call of its own (record, recording, ticket, lane of the
 * model), which takes the line's port when it arrives and gives it back when it leaves. Between cars the line sends nothing of the model's.
 *
 * idle ─arrived─▶ car's call ─left, or the call ends─▶ idle;  BYE ends both
 */
export class NailedLine {
  readonly #options: NailedLineOptions;
  readonly #deps: NailedLineDeps;
  readonly #invite: IncomingInvite;
  readonly #leg: MediaLeg;
  /** Signals one after the other, from the ACK on. */
  #turn: Promise<void>;
  #dialog: SipDialog | null = null;
  #offer: string | null;
  #car: CarInvite | null = null;
  #carCallId: string | null = null;
  #resting: Promise<void> = Promise.resolve();
  #carNumber = 0;
  #startedMs = 0;
  #arrivedMs = Number.NEGATIVE_INFINITY;
  #isEnded = false;
  readonly #acked: PromiseWithResolvers<void> = Promise.withResolvers();

  constructor(options: NailedLineOptions, deps: NailedLineDeps, invite: IncomingInvite) {
    this.#options = options;
    this.#deps = deps;
    this.#invite = invite;
    this.#offer = invite.sdpOffer;
    this.#turn = this.#acked.promise;
    const { lineId, bindAddress, apologyFiles } = options;
    const none = { personaId: '', seed: 0, recordingPath: null, callLogFile: null, recordingConsent: null };
    this.#leg = new MediaLeg(
      { callId: lineId, bindAddress, apologyFiles, ...none },
      { plane: deps.media, descriptions: deps.descriptions, clock: deps.clock },
      {
        changed: () => undefined,
        changeFailed: (error) => deps.log.warn({ lineId, err: error }, "a line's change of media failed"),
      },
    );
  }

  get lane(): string {
    return this.#options.lane;
  }

  /** Whether a session of the media plane is this line's, or that of its car. */
  has(sessionId: string): boolean {
    return sessionId === this.#options.lineId || sessionId === this.#carCallId;
  }

  async answer(): Promise<void> {
    const { clock, log } = this.#deps;
    const invite = this.#invite;
    try {
      this.#leg.readOffer(invite.sdpOffer);
    } catch (error) {
      return this.#refuse(488, 'Not Acceptable Here', error);
    }
    try {
      await this.#leg.open(false);
    } catch (error) {
      return this.#refuse(503, 'Service Unavailable', error);
    }
    try {
      this.#dialog = await invite.answer(this.#leg.describe());
    } catch (error) {
      log.info({ lane: this.lane, reason: messageOf(error) }, 'a line was given up before it was answered');
      return this.#end();
    }
    this.#startedMs = clock.nowMs();
    this.#wire(this.#dialog);
  }

  /** A key that came as an RTP event. */
  pressed(key: string): void {
    if (!this.#options.dtmf.includes('rfc4733')) return;
    const signal = signalOfKey(this.#options.signals, key);
    if (signal !== null) this.signal(signal);
  }

  signal(signal: CarSignal): void {
    if (this.#isEnded) return;
    const nowMs = this.#deps.clock.nowMs();
    if (signal === 'arrived') {
      if (nowMs - this.#arrivedMs < BOUNCE_MS) return;
      this.#arrivedMs = nowMs;
    }
    this.#turn = this.#turn
      .then(() => (signal === 'arrived' ? this.#begin() : this.#leave('the car left')))
      .catch((error: unknown) => this.#deps.log.error({ err: error, lane: this.lane }, "a line's car went wrong"));
  }

  /** The media worker died. A car's call sees to itself. */
  onMediaLost(): void {
    if (this.#car !== null) return;
    this.#leg.lose();
    this.#leg.recover().catch((error: unknown) => {
      this.#deps.log.error({ err: error, lane: this.lane }, 'a line has no sound');
    });
  }

  async hangUp(reason: { readonly cause: number; readonly text: string }): Promise<void> {
    if (this.#isEnded) return;
    await Promise.all([this.#end(reason.text), this.#dialog?.bye(reason)]);
  }

  #wire(dialog: SipDialog): void {
    const { log } = this.#deps;
    const { signals, dtmf } = this.#options;
    dialog.onEnd((reason) => void this.#end(reason));
    dialog.onOffer((sdp) => this.#answerOffer(sdp));
    dialog.onInfo((contentType, body) => {
      const isKey = contentType.toLowerCase().startsWith('application/dtmf');
      const signal = isKey && !dtmf.includes('info') ? null : signalOfInfo(signals, contentType, body);
      if (signal !== null) this.signal(signal);
      else this.#car?.info(contentType, body);
    });
    dialog.onAck(() => {
      try {
        this.#leg.readLateAnswer(dialog.remoteSdp);
      } catch (error) {
        log.warn({ lane: this.lane, reason: messageOf(error) }, "a line's answer was refused");
        void this.hangUp({ cause: 488, text: 'No common codec' });
        return;
      }
      this.#leg.start();
      log.info({ lane: this.lane }, 'a line is up and waits for cars');
      this.#acked.resolve();
    });
  }

  #answerOffer(sdp: string | null): ReturnType<OfferHandler> {
    try {
      const answered = this.#car?.offered(sdp) ?? { sdp: this.#leg.answerOffer(sdp) };
      if (sdp !== null && 'sdp' in answered) {
        this.#offer = sdp;
        this.#leg.readOffer(sdp);
      }
      return answered;
    } catch (error) {
      this.#deps.log.warn({ lane: this.lane, reason: messageOf(error) }, "a line's offer was refused");
      return { status: 488, reason: 'Not Acceptable Here' };
    }
  }

  /** A car that comes while another is there: that one left without a sign. */
  async #begin(): Promise<void> {
    await this.#leave('the next car came');
    if (this.#isEnded || this.#dialog === null) return;
    await this.#leg.close();
    if (this.#isEnded) return;
    const { clock, descriptions, onCar } = this.#deps;
    const invite = new CarInvite(this.#invite, this.#dialog, this.#offer);
    this.#car = invite;
    this.#resting = this.#rest(invite);
    this.#carCallId = onCar({
      invite,
      descriptions: carDescriptions(descriptions, this.#offer),
      rtpPort: this.#leg.rtpPort,
      carNumber: ++this.#carNumber,
      offsetMs: Math.round(clock.nowMs() - this.#startedMs),
    });
  }

  async #leave(reason: string): Promise<void> {
    this.#car?.leave(reason);
    await this.#resting;
  }

  /** The car's call is over, whoever ended it: the line has its port again. */
  async #rest(car: CarInvite): Promise<void> {
    await car.over;
    this.#car = null;
    this.#carCallId = null;
    if (this.#isEnded) return;
    const { log } = this.#deps;
    try {
      await this.#leg.open(false);
    } catch (error) {
      // The intercom calls again, and gets another port.
      log.error({ err: error, lane: this.lane }, 'a line has no port any more');
      void this.hangUp({ cause: 503, text: 'No port' });
      return;
    }
    this.#leg.start();
    if (car.refusal === null) return;
    log.warn({ lane: this.lane, reason: car.refusal }, 'a car got no agent: it hears the apology');
    this.#leg.apologise().catch((error: unknown) => {
      log.warn({ lane: this.lane, reason: messageOf(error) }, 'a car did not hear the apology to its end');
    });
  }

  #refuse(status: number, reason: string, error: unknown): void {
    this.#deps.log.warn({ lane: this.lane, status, reason: messageOf(error) }, 'a line was refused');
    this.#invite.reject(status, reason);
    this.#isEnded = true;
    this.#deps.onEnded();
  }

  async #end(reason = 'given up'): Promise<void> {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#deps.log.info({ lane: this.lane, reason }, 'a line ended');
    const hadCar = this.#car !== null;
    await this.#leave(reason);
    try {
      if (!hadCar) await this.#leg.close();
    } catch (error) {
      this.#deps.log.warn({ lane: this.lane, err: error }, "a line's media did not close");
    }
    this.#deps.onEnded();
  }
}
