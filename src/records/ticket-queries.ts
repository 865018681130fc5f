import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';
import type { DeliveryState, DeliveryStep } from '../orders/contract.ts';
import type { Ticket } from '../orders/ticket.ts';
import type { TicketListQuery, TicketRecord, TicketRevision } from './contract.ts';

type Row = Record<string, SQLOutputValue>;

/** Tickets by themselves, for programs. Ids sort by the time of their calls. */
export class TicketQueries {
  readonly #list: StatementSync;
  readonly #revisions: StatementSync;
  readonly #steps: StatementSync;

  constructor(database: DatabaseSync) {
    this.#list = database.prepare(
      `SELECT body, state FROM tickets JOIN outbox USING (ticket_id, revision)
       WHERE revision = (SELECT max(revision) FROM tickets AS newer WHERE newer.ticket_id = tickets.ticket_id)
         AND ticket_id < coalesce(:after, '~') AND state = coalesce(:state, state) AND tickets.call_id = coalesce(:callId, tickets.call_id)
         AND json_extract(body, '$.review.needed') = coalesce(:needsReview, json_extract(body, '$.review.needed'))
       ORDER BY ticket_id DESC LIMIT :limit`,
    );
    this.#revisions = database.prepare(
      `SELECT body, state FROM tickets JOIN outbox USING (ticket_id, revision) WHERE ticket_id = ? ORDER BY revision`,
    );
    this.#steps = database.prepare('SELECT * FROM delivery_steps WHERE ticket_id = ? AND revision = ? ORDER BY id');
  }

  /** The newest revision of each, the newest call first. */
  listTickets({ limit, after, state, callId, needsReview }: TicketListQuery): readonly TicketRevision[] {
    const needs = needsReview === null ? null : Number(needsReview);
    return this.#list.all({ limit, after, state, callId, needsReview: needs }).map(toRevision);
  }

  /** Every revision, the oldest first; none: there is no such ticket. */
  getTicket(ticketId: string): readonly TicketRecord[] {
    return this.#revisions.all(ticketId).map((row) => {
      const revision = toRevision(row);
      return { ...revision, trail: this.#steps.all(ticketId, revision.ticket.revision).map(toStep) };
    });
  }
}

function toRevision(row: Row): TicketRevision {
  return { ticket: JSON.parse(String(row['body'])) as Ticket, state: row['state'] as DeliveryState };
}

/** A row of `delivery_steps`. */
export function toStep(row: Row): DeliveryStep {
  return {
    ticketId: String(row['ticket_id']),
    revision: Number(row['revision']),
    callId: String(row['call_id']),
    state: row['state'] as DeliveryState,
    what: String(row['what']),
    attempt: row['attempt'] == null ? null : Number(row['attempt']),
    detail: row['detail'] == null ? null : String(row['detail']),
    posOrderId: row['pos_order_id'] == null ? null : String(row['pos_order_id']),
    atWallMs: Number(row['at_wall_ms']),
  };
}
