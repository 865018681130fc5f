import { SpeakerpostError } from '../runtime/errors.ts';
import type { IncomingInvite, OfferHandler, SipDialog } from '../sip/contract.ts';
import type { CallDescriptions } from './call-descriptions.ts';

/**
 * A car on a call that stays up, as a `Call` sees it: an INVITE and a dialog that begin when the car arrives and end when it leaves, while
 * nothing of it goes over the wire. Whatever concerns the sound is the line's own dialog.
 */
export class CarInvite implements IncomingInvite {
  readonly sipCallId: string;
  readonly source: IncomingInvite['source'];
  readonly requestUser: string;
  readonly from: string;
  /** The offer that stands between the intercom and us; null: ours does. */
  readonly sdpOffer: string | null;
  /** Resolves when the car's call holds neither port nor lane any more. */
  readonly over: Promise<void>;
  /** Why the car got no call. */
  refusal: string | null = null;
  readonly #invite: IncomingInvite;
  readonly #dialog: SipDialog;
  readonly #finish: () => void;
  #onCancel: () => void = () => undefined;
  #onEnd: (reason: string) => void = () => undefined;
  #onOffer: OfferHandler | null = null;
  #onInfo: (contentType: string, body: string) => void = () => undefined;
  #leftBecause: string | null = null;

  constructor(line: IncomingInvite, dialog: SipDialog, sdpOffer: string | null) {
    const { sipCallId, source, requestUser, from } = line;
    this.sipCallId = sipCallId;
    this.source = source;
    this.requestUser = requestUser;
    this.from = from;
    this.sdpOffer = sdpOffer;
    this.#invite = line;
    this.#dialog = dialog;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.over = promise;
    this.#finish = resolve;
  }

  header(name: string): string | undefined {
    return this.#invite.header(name);
  }

  ring(): void {}

  progress(): void {}

  onOffer(): void {}

  onCancel(listener: () => void): void {
    this.#onCancel = listener;
  }

  async answer(): Promise<SipDialog> {
    if (this.#leftBecause !== null) throw new SpeakerpostError('SIP_CALL_CANCELLED', {});
    const dialog = this.#dialog;
    return {
      sipCallId: this.sipCallId,
      remoteSdp: dialog.remoteSdp,
      // The line's own ACK came before the first car.
      onAck: (listener) => listener(),
      onEnd: (listener) => {
        this.#onEnd = listener;
        if (this.#leftBecause !== null) listener(this.#leftBecause);
      },
      onOffer: (handler) => {
        this.#onOffer = handler;
      },
      onInfo: (listener) => {
        this.#onInfo = listener;
      },
      onRefer: (handler) => dialog.onRefer(handler),
      reinvite: (sdp) => dialog.reinvite(sdp),
      refer: (target, onProgress) => dialog.refer(target, onProgress),
      // The car's call ends; the line stays.
      bye: () => Promise.resolve(),
    };
  }

  reject(status: number, reason: string): void {
    this.refusal = `${status} ${reason}`;
    this.#finish();
  }

  /** The car drove on, or the line is gone. */
  leave(reason: string): void {
    if (this.#leftBecause !== null) return;
    this.#leftBecause = reason;
    this.#onCancel();
    this.#onEnd(reason);
  }

  /** The car's call has ended. */
  finish(): void {
    this.#finish();
  }

  /** A re-INVITE of the line; null: the car's call does not listen yet. */
  offered(sdp: string | null): ReturnType<OfferHandler> | null {
    return this.#onOffer === null ? null : this.#onOffer(sdp);
  }

  info(contentType: string, body: string): void {
    this.#onInfo(contentType, body);
  }
}

/** The line's descriptions for the call of a car: what stands is not described anew, so that its version stays (RFC 3264 section 8). */
export function carDescriptions(line: CallDescriptions, standing: string | null): CallDescriptions {
  let last = standing;
  return {
    sound: line.sound,
    readOffer: (offer) => line.readOffer(offer),
    readAnswer: (answer) => line.readAnswer(answer),
    offer: () => line.last,
    answer(offer, media, rtpPort) {
      if (offer === last) return line.last;
      last = offer;
      return line.answer(offer, media, rtpPort);
    },
    get last() {
      return line.last;
    },
  };
}
