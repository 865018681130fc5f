import { maskedJson } from '../../records/personal-data.ts';
import { SpeakerpostError } from '../../runtime/errors.ts';
import type { OrderSnapshot } from '../contract.ts';
import type { Menu } from '../menu/menu.ts';
import { type Ticket, ticketSchema } from '../ticket.ts';

export interface TicketContext {
  readonly store: { readonly id: string; readonly externalId: string | null; readonly timezone: string };
  readonly menu: Pick<Menu, 'id' | 'version' | 'sha256' | 'currency'>;
  readonly lane: string;
  readonly callId: string;
  /** Milliseconds since the Unix epoch. */
  readonly startedWallMs: number;
  readonly greetedWallMs: number | null;
  readonly confirmedWallMs: number;
  readonly producerVersion: string;
}

/**
 * The closed order as the POS gets it. The same order of the same call always has the same id, so that handing it over twice
 * does no harm. An order that was sent and then taken back becomes `voided`.
 * @throws INTERNAL when the order is still a draft, or does not fit the schema
 */
export function buildTicket(order: OrderSnapshot, context: TicketContext): Ticket {
  if (order.status === 'draft')
    throw new SpeakerpostError('INTERNAL', { reason: 'a draft order cannot become a ticket' });
  const ticketId = `tk_${context.callId}_${order.customerSeq}`;
  const isVoided = order.status === 'abandoned' && order.revision > 1;
  // Nobody who is handed a ticket has to think of what guests said of themselves.
  const masked = maskedJson({
    schema: 'speakerpost.ticket/1',
    ticketId,
    revision: order.revision,
    supersedes: order.revision > 1 ? `${ticketId}.r${order.revision - 1}` : null,
    idempotencyKey: `${ticketId}.r${order.revision}`,
    store: context.store,
    lane: context.lane,
    callId: context.callId,
    customerSeq: order.customerSeq,
    status: isVoided ? 'voided' : order.status,
    fulfilment: { type: 'drive_thru' },
    currency: context.menu.currency,
    menu: { id: context.menu.id, version: context.menu.version, sha256: context.menu.sha256 },
    lines: order.lines,
    totals: order.totals,
    notes: [...order.notes, ...order.unresolved.map((text) => ({ kind: 'unresolved', text }))],
    review: { needed: order.reviewReasons.length > 0, reasons: order.reviewReasons },
    history: order.history,
    times: {
      callStarted: isoOf(context.startedWallMs),
      greeted: context.greetedWallMs === null ? null : isoOf(context.greetedWallMs),
      confirmed: isoOf(context.confirmedWallMs),
    },
    producer: { name: 'speakerpost', version: context.producerVersion },
  });
  const parsed = ticketSchema.safeParse(JSON.parse(masked));
  if (parsed.success) return parsed.data;
  throw new SpeakerpostError('INTERNAL', { reason: `ticket ${ticketId}: ${parsed.error.message}` }, parsed.error);
}

function isoOf(wallMs: number): string {
  return new Date(wallMs).toISOString();
}
