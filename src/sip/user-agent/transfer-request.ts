import { parseAddress } from '../message/address.ts';
import { splitList } from '../message/message.ts';
import { safeText } from './safe-headers.ts';
import type { SrfRequest } from './srf.ts';

/** The peer's implicit subscription to the outcome of its REFER; after that it has to hang up or ask again (RFC 3515 2.4.4). */
const SUBSCRIPTION_SECONDS = 60;

/** Sends NOTIFY in the dialog. */
type SendNotify = (headers: Record<string, string>, body: string) => void;

/** The target of a REFER: its only Refer-To, `tel:` and all; null when there is none or more than one (RFC 3515 2.4.1: 400). */
export function targetOf(request: SrfRequest): string | null {
  const values = splitList(request.get('refer-to') ?? '');
  return values.length === 1 ? (parseAddress(values[0] ?? '')?.uri ?? null) : null;
}

/** Tells a peer how the REFER that it sent goes: NOTIFYs with a message/sipfrag, the last one ends the subscription (RFC 3515 2.4.4, 2.4.5). */
export class TransferRequest {
  readonly #event: string;
  readonly #notify: SendNotify;
  #isOver = false;

  constructor(request: SrfRequest, notify: SendNotify) {
    const sequence = (request.get('cseq') ?? '').split(' ')[0] ?? '';
    this.#event = `refer;id=${sequence}`;
    this.#notify = notify;
  }

  /** A response to the call that the REFER asked for; nothing is told after a final one. */
  report(status: number, reason: string): void {
    if (this.#isOver) return;
    this.#isOver = status >= 200;
    const state = this.#isOver ? 'terminated;reason=noresource' : `active;expires=${SUBSCRIPTION_SECONDS}`;
    const headers = { Event: this.#event, 'Subscription-State': state, 'Content-Type': 'message/sipfrag;version=2.0' };
    this.#notify(headers, `SIP/2.0 ${status} ${safeText(reason)}\r\n`);
  }
}
