import type { Ticket } from '../ticket.ts';

/** What became of one attempt. */
export type PosAnswer =
  /** The POS has the order, now or since an earlier attempt. */
  | { readonly kind: 'accepted'; readonly detail: string; readonly posOrderId: string | null }
  /** Try again; not before `waitMs` where the POS named a time. */
  | { readonly kind: 'retry'; readonly detail: string; readonly waitMs: number | null }
  /** The POS will never take it as it is. */
  | { readonly kind: 'refused'; readonly detail: string };

/** One kind of POS. Sending the same ticket twice must give one order there: by `ticket.idempotencyKey`. */
export interface PosConnector {
  /** Never rejects for what the POS or the network does. */
  send(ticket: Ticket): Promise<PosAnswer>;
}
