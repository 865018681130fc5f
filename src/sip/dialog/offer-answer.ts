export type Side = 'us' | 'peer';

interface OpenRequest {
  readonly asker: Side;
  readonly method: string;
  /** An offer was made in it, by either side. */
  hasOffer: boolean;
}

/**
 * Whose offer waits for its answer in one dialog, and which requests that may carry one are open: who must wait, and who is told to
 * (RFC 3261 14.1 and 14.2, RFC 3262 section 5, RFC 3311 5.2, RFC 3264 section 4). Requests are named by any object of the caller's.
 *
 *     INVITE(offer) ... 2xx or reliable 1xx(answer)        INVITE ... 2xx(offer) ... ACK(answer)
 *     UPDATE(offer) ... 2xx(answer)                        INVITE ... reliable 1xx(offer) ... PRACK(answer)
 */
export class OfferAnswer {
  readonly #open = new Map<object, OpenRequest>();
  #offer: { readonly by: Side; readonly request: object } | null = null;

  /** No INVITE is open and no offer waits: a re-INVITE of ours may go out. */
  get isIdle(): boolean {
    return this.#offer === null && ![...this.#open.values()].some((each) => each.method === 'INVITE');
  }

  /** The status that a request of the peer must be refused with; null: it may pass. */
  refusalOf(method: string, hasSdp: boolean): 491 | 500 | null {
    const isOpen = (asker: Side, what: string) =>
      [...this.#open.values()].some((each) => each.asker === asker && each.method === what);
    if (method === 'INVITE') {
      if (isOpen('us', 'INVITE') || this.#offer?.by === 'us') return 491;
      return isOpen('peer', 'INVITE') || this.#offer !== null ? 500 : null;
    }
    if (method !== 'UPDATE') return null;
    if (isOpen('peer', 'UPDATE')) return 500;
    if (!hasSdp || this.#offer === null) return null;
    return this.#offer.by === 'us' ? 491 : 500;
  }

  asked(request: object, asker: Side, method: string, hasSdp: boolean): void {
    const isOffer = hasSdp && this.#offer === null;
    this.#open.set(request, { asker, method, hasOffer: isOffer });
    if (isOffer) this.#offer = { by: asker, request };
  }

  /** The other side sent a reliable provisional response, or a final one. */
  answered(request: object, status: number, hasSdp: boolean): void {
    const open = this.#open.get(request);
    if (open === undefined) return;
    if (status >= 200) this.#open.delete(request);
    const isTheirs = this.#offer?.request === request;
    if (status >= 300) {
      if (isTheirs) this.#offer = null;
    } else if (isTheirs && this.#offer?.by === open.asker) {
      // A 2xx closes an offer even when it forgot the answer.
      if (hasSdp || status >= 200) this.#offer = null;
    } else if (hasSdp && !open.hasOffer && this.#offer === null) {
      open.hasOffer = true;
      this.#offer = { by: open.asker === 'us' ? 'peer' : 'us', request };
    }
  }

  /** ACK or PRACK: an offer that a response carried has its answer. */
  acknowledged(by: Side): void {
    if (this.#offer !== null && this.#offer.by !== by) this.#offer = null;
  }
}
