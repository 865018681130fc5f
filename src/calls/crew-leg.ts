import type { MediaPlane } from '../media/contract.ts';
import type { Clock } from '../runtime/clock.ts';
import { messageOf } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import type { SipDialog } from '../sip/contract.ts';
import type { CallDescriptions } from './call-descriptions.ts';
import { dtmfDigitOf } from './info-dtmf.ts';
import { MediaLeg } from './media-leg.ts';

export interface CrewLegOptions {
  readonly phone: string;
  /** Of the media plane. */
  readonly sessionId: string;
  readonly bindAddress: string;
}

export interface CrewLegDeps {
  readonly media: MediaPlane;
  readonly descriptions: CallDescriptions;
  readonly clock: Clock;
  readonly log: Log;
}

/** One handset of the crew, from the INVITE that we send to the BYE of either side: its dialog and its sound. */
export class CrewLeg {
  readonly phone: string;
  readonly sessionId: string;
  readonly #media: MediaLeg;
  readonly #log: Log;
  #offer = '';
  #dialog: SipDialog | null = null;
  #isClosed = false;
  #onEnd: ((reason: string) => void) | null = null;
  #endReason: string | null = null;
  #onKey: (key: string) => void = () => undefined;

  private constructor({ phone, sessionId, bindAddress }: CrewLegOptions, deps: CrewLegDeps) {
    this.phone = phone;
    this.sessionId = sessionId;
    this.#log = deps.log;
    this.#media = new MediaLeg(
      {
        callId: sessionId,
        personaId: '',
        seed: 0,
        bindAddress,
        apologyFiles: [],
        recordingPath: null,
        callLogFile: null,
        recordingConsent: null,
      },
      { plane: deps.media, descriptions: deps.descriptions, clock: deps.clock },
      {
        changed: () => undefined,
        changeFailed: (error) => deps.log.warn({ sessionId, err: error }, "a handset's change of media failed"),
      },
    );
  }

  /** Takes a port. Rejects with RTP_PORTS_EXHAUSTED. */
  static async open(options: CrewLegOptions, deps: CrewLegDeps): Promise<CrewLeg> {
    const leg = new CrewLeg(options, deps);
    leg.#media.readOffer(null);
    await leg.#media.open(false);
    leg.#offer = leg.#media.describe();
    return leg;
  }

  /** The SDP to call the handset with. */
  get offer(): string {
    return this.#offer;
  }

  /** The handset answered: its sound begins. @throws SDP_INVALID, SDP_NO_COMMON_CODEC */
  answered(dialog: SipDialog): void {
    this.#dialog = dialog;
    dialog.onEnd((reason) => void this.#end(reason));
    dialog.onOffer((sdp) => {
      try {
        return { sdp: this.#media.answerOffer(sdp) };
      } catch (error) {
        this.#log.warn({ sessionId: this.sessionId, reason: messageOf(error) }, "a handset's offer was refused");
        return { status: 488, reason: 'Not Acceptable Here' };
      }
    });
    dialog.onInfo((contentType, body) => {
      const key = dtmfDigitOf(contentType, body);
      if (key !== null) this.#onKey(key);
    });
    try {
      this.#media.readLateAnswer(dialog.remoteSdp);
    } catch (error) {
      void this.hangUp('no common codec');
      throw error;
    }
    this.#media.start();
  }

  /** The crew hung up, or the handset is gone. Called at once when it was before. */
  onEnd(listener: (reason: string) => void): void {
    this.#onEnd = listener;
    if (this.#endReason !== null) listener(this.#endReason);
  }

  onKey(listener: (key: string) => void): void {
    this.#onKey = listener;
  }

  /** A key that came as an RTP event. */
  pressed(key: string): void {
    this.#onKey(key);
  }

  async hangUp(reason: string): Promise<void> {
    if (this.#isClosed) return;
    const dialog = this.#dialog;
    await Promise.all([this.close(), dialog?.bye({ cause: 200, text: reason })]);
  }

  /** Frees the port. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#media.close().catch((error: unknown) => {
      this.#log.warn({ sessionId: this.sessionId, err: error }, "a handset's media did not close");
    });
  }

  async #end(reason: string): Promise<void> {
    if (this.#isClosed) return;
    this.#endReason = reason;
    await this.close();
    this.#onEnd?.(reason);
  }
}
