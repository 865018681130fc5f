import type { Clock } from '../../runtime/clock.ts';
import { SpeakerpostError } from '../../runtime/errors.ts';
import type { DialogOutcome } from './dialog-request.ts';

/** Two sides that ask at the same moment again and again would make a poor protocol. */
const ATTEMPTS = 4;

export interface OfferOptions {
  /** Sends a re-INVITE with the offer. */
  readonly send: (done: (outcome: DialogOutcome) => void) => void;
  /** We sent the dialog's first INVITE. */
  readonly isCaller: boolean;
  readonly isEnded: () => boolean;
  readonly clock: Clock;
  /** 0 to 1. */
  readonly random: () => number;
}

/**
 * Makes an offer by re-INVITE; resolves with the peer's answer. 491 is glare: again after 2.1 to 4 s where the call is ours, after
 * 0 to 2 s where it is the peer's (RFC 3261 14.1). @throws SIP_OFFER_REFUSED with the final status
 */
export async function offerToPeer({ send, isCaller, isEnded, clock, random }: OfferOptions): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    const { status, reason, body } = await new Promise<DialogOutcome>((resolve) => send(resolve));
    if (status < 300) return body;
    if (status !== 491 || attempt === ATTEMPTS || isEnded())
      throw new SpeakerpostError('SIP_OFFER_REFUSED', { status, reason });
    const waitMs = isCaller ? 2_100 + 1_900 * random() : 2_000 * random();
    await new Promise<void>((resolve) => clock.after(waitMs, resolve));
  }
}
