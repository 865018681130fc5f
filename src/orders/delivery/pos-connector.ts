import type { Ticket } from '../ticket.ts';

/** What became of one attempt. */
export type PosAnswer =
  /** The POS has the order, now or since an earlier attempt. */
  | {
      readonly kind: 'accepted';
      readonly detail: string;
      readonly posOrderId: string | null;
      /** Why a person should look at it all the same: the POS's total is another one, an older order could not be taken back. */
      readonly review?: string;
    }
  /** Try again; not before `waitMs` where the POS named a time. */
  | { readonly kind: 'retry'; readonly detail: string; readonly waitMs: number | null }
  /** The POS will never take it as it is. */
  | { readonly kind: 'refused'; readonly detail: string };

/** What is known of the ticket's way so far. */
export interface PosAttempt {
  /** The newest earlier revision that the POS has taken, with the id that the POS gave it. */
  readonly previous: { readonly revision: number; readonly posOrderId: string } | null;
  /** It may have been sent before: a POS without keys of its own marks the copy. */
  readonly isRepeat: boolean;
}

/** One kind of POS. Sending the same ticket twice must give one order there: by `ticket.idempotencyKey`. */
export interface PosConnector {
  /** A revision waits until the earlier ones are settled: the POS changes the order that it has by its own id. */
  readonly isSequential: boolean;
  /** Never rejects for what the POS or the network does. */
  send(ticket: Ticket, attempt: PosAttempt): Promise<PosAnswer>;
}
