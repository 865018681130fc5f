import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import { inTransaction } from '../../records/database.ts';
import { maskedJson } from '../../records/personal-data.ts';
import type { Clock } from '../../runtime/clock.ts';
import { SpeakerpostError } from '../../runtime/errors.ts';
import type { DeliveryState, DeliveryStep } from '../contract.ts';
import type { Ticket } from '../ticket.ts';
import { advance, type Delivery, type DeliveryChange, LEASE_MS, type Trace } from './delivery-state.ts';

/** Names one revision of a ticket. */
export interface TicketRef {
  readonly ticketId: string;
  readonly revision: number;
}

type Row = Record<string, SQLOutputValue>;

/**
 * The truth about every ticket: rows of `tickets`, `outbox` and `delivery_steps`. A ticket and its outbox row are one
 * transaction, and so are a change and its line of the trail; `onStep` is called once they are durable.
 */
export class Outbox {
  readonly #database: DatabaseSync;
  readonly #clock: Clock;
  readonly #attentionAfterMs: number;
  readonly #onStep: (step: DeliveryStep) => void;
  readonly #sql: ReturnType<typeof prepare>;

  constructor(database: DatabaseSync, clock: Clock, attentionAfterMs: number, onStep: (step: DeliveryStep) => void) {
    this.#database = database;
    this.#clock = clock;
    this.#attentionAfterMs = attentionAfterMs;
    this.#onStep = onStep;
    this.#sql = prepare(database);
  }

  /**
   * Stores a ticket with its outbox row; `isHeld`: nothing is sent before somebody sends it. The same ticket again (a hand-over repeated)
   * changes nothing. Returns whether it is new.
   * @throws SpeakerpostError TICKET_CONFLICT when another ticket has its place; whatever SQLite throws.
   */
  commit(ticket: Ticket, isHeld = false): boolean {
    const { ticketId, revision, callId, customerSeq } = ticket;
    const nowWallMs = Math.round(this.#clock.wallMs());
    const delivery: Delivery = {
      ticketId,
      revision,
      callId,
      state: 'pending',
      generation: 1,
      attempts: 0,
      refused: false,
      attentionWallMs: nowWallMs + this.#attentionAfterMs,
      leaseWallMs: null,
      nextWallMs: nowWallMs,
      posOrderId: null,
    };
    const body = maskedJson(ticket);
    const steps = inTransaction(this.#database, () => {
      const known = this.#sql.placeOf.get(callId, customerSeq, revision);
      if (known !== undefined) {
        if (known['ticket_id'] === ticketId && known['body'] === body) return [];
        throw new SpeakerpostError('TICKET_CONFLICT', { ticketId, revision, other: String(known['ticket_id']) });
      }
      this.#sql.insertTicket.run(ticketId, revision, callId, customerSeq, body);
      const reasons = ticket.review.reasons.join(', ');
      const held = isHeld ? advance(delivery, { kind: 'held', reasons }, nowWallMs) : { delivery, traces: [] };
      this.#sql.insertDelivery.run(...valuesOf(held.delivery));
      const committed = this.#trace(delivery, { what: 'committed', attempt: null, detail: null }, nowWallMs);
      return [committed, ...held.traces.map((trace) => this.#trace(held.delivery, trace, nowWallMs))];
    });
    for (const step of steps) this.#onStep(step);
    return steps.length > 0;
  }

  /** A line of the trail that changes no state: what was printed for the crew. */
  note(ref: TicketRef, what: 'printed' | 'not_printed', detail: string): void {
    const delivery = this.find(ref);
    if (delivery === null) return;
    this.#onStep(this.#trace(delivery, { what, attempt: null, detail }, Math.round(this.#clock.wallMs())));
  }

  /** The POS has this revision: what it refused, or the crew held, of the earlier ones is settled. */
  settleBefore({ ticketId, revision }: TicketRef): void {
    for (const row of this.#sql.stoppedBefore.all(ticketId, revision))
      this.change({ ticketId, revision: Number(row['revision']) }, { kind: 'superseded', revision });
  }

  find(ref: TicketRef): Delivery | null {
    const row = this.#sql.find.get(ref.ticketId, ref.revision);
    return row === undefined ? null : toDelivery(row);
  }

  ticket(ref: TicketRef): Ticket | null {
    const row = this.#sql.ticket.get(ref.ticketId, ref.revision);
    return row === undefined ? null : (JSON.parse(String(row['body'])) as Ticket);
  }

  /** The newest revision of the ticket that the POS has taken, 0 if none. */
  ackedRevision(ticketId: string): number {
    return Number(this.#sql.ackedRevision.get(ticketId)?.['revision'] ?? 0);
  }

  /** The newest earlier revision that the POS has taken under an id of its own. */
  takenBefore(ref: TicketRef): { readonly revision: number; readonly posOrderId: string } | null {
    const row = this.#sql.takenBefore.get(ref.ticketId, ref.revision);
    return row === undefined ? null : { revision: Number(row['revision']), posOrderId: String(row['pos_order_id']) };
  }

  /** The oldest earlier revision that is neither with the POS nor refused by it nor given up; 0 if none. */
  unsettledBefore(ref: TicketRef): number {
    return Number(this.#sql.unsettledBefore.get(ref.ticketId, ref.revision)?.['revision'] ?? 0);
  }

  /** Writes a change with its trail. A ticket that is not there, or is acked already, stays as it is (`resent` apart). */
  change(ref: TicketRef, change: DeliveryChange): Delivery | null {
    const nowWallMs = Math.round(this.#clock.wallMs());
    const before = this.find(ref);
    if (before === null || (before.state === 'acked' && change.kind !== 'resent')) return before;
    const { delivery, traces } = advance(before, change, nowWallMs);
    const steps = inTransaction(this.#database, () => {
      this.#sql.update.run(...valuesOf(delivery).slice(3), ref.ticketId, ref.revision);
      return traces.map((trace) => this.#trace(delivery, trace, nowWallMs));
    });
    for (const step of steps) this.#onStep(step);
    return delivery;
  }

  resend(ref: TicketRef): Delivery | null {
    return this.change(ref, { kind: 'resent', attentionAfterMs: this.#attentionAfterMs });
  }

  /** Due to be put in the queue, oldest first. */
  toQueue(limit: number): Delivery[] {
    return this.#sql.toQueue.all(Math.round(this.#clock.wallMs()), limit).map(toDelivery);
  }

  /** Jobs whose lease has ended. A lease further away than one lease means that the wall clock was set back. */
  leaseEnded(): Delivery[] {
    const nowWallMs = Math.round(this.#clock.wallMs());
    return this.#sql.leaseEnded.all(nowWallMs, nowWallMs + LEASE_MS).map(toDelivery);
  }

  /** Everything that has a job by the outbox's account. */
  withJob(): Delivery[] {
    return this.#sql.withJob.all().map(toDelivery);
  }

  overdue(): Delivery[] {
    return this.#sql.overdue.all(Math.round(this.#clock.wallMs())).map(toDelivery);
  }

  /** In need of attention since `forMs` or longer. */
  neglected(forMs: number): Delivery[] {
    return this.#sql.neglected.all(Math.round(this.#clock.wallMs()) - forMs).map(toDelivery);
  }

  counts(): { readonly unacked: number; readonly attention: number } {
    const row = this.#sql.counts.get();
    return { unacked: Number(row?.['unacked'] ?? 0), attention: Number(row?.['attention'] ?? 0) };
  }

  #trace(delivery: Delivery, trace: Omit<Trace, 'what'> & { readonly what: string }, atWallMs: number): DeliveryStep {
    const { ticketId, revision, callId, state, posOrderId } = delivery;
    const { what, attempt, detail } = trace;
    this.#sql.insertStep.run(ticketId, revision, callId, state, what, attempt, detail, posOrderId, atWallMs);
    return { ticketId, revision, callId, state, what, attempt, detail, posOrderId, atWallMs };
  }
}

const COLUMNS = `ticket_id, revision, call_id, state, generation, attempts, refused, attention_wall_ms, lease_wall_ms, next_wall_ms,
  pos_order_id`;

function valuesOf(delivery: Delivery) {
  return [
    delivery.ticketId,
    delivery.revision,
    delivery.callId,
    delivery.state,
    delivery.generation,
    delivery.attempts,
    delivery.refused ? 1 : 0,
    delivery.attentionWallMs,
    delivery.leaseWallMs,
    delivery.nextWallMs,
    delivery.posOrderId,
  ];
}

function toDelivery(row: Row): Delivery {
  return {
    ticketId: String(row['ticket_id']),
    revision: Number(row['revision']),
    callId: String(row['call_id']),
    state: row['state'] as DeliveryState,
    generation: Number(row['generation']),
    attempts: Number(row['attempts']),
    refused: row['refused'] === 1,
    attentionWallMs: Number(row['attention_wall_ms']),
    leaseWallMs: row['lease_wall_ms'] == null ? null : Number(row['lease_wall_ms']),
    nextWallMs: Number(row['next_wall_ms']),
    posOrderId: row['pos_order_id'] == null ? null : String(row['pos_order_id']),
  };
}

/** `open` names the rows of the partial index: without it the relay would read the whole outbox ten times a second. */
function prepare(database: DatabaseSync) {
  const open = `state IN ('pending', 'queued', 'needs_attention')`;
  return {
    placeOf: database.prepare(
      'SELECT ticket_id, body FROM tickets WHERE call_id = ? AND customer_seq = ? AND revision = ?',
    ),
    stoppedBefore: database.prepare(
      `SELECT revision FROM outbox WHERE ticket_id = ? AND revision < ? AND (state = 'dead' OR refused = 1)`,
    ),
    insertTicket: database.prepare(
      'INSERT INTO tickets (ticket_id, revision, call_id, customer_seq, body) VALUES (?, ?, ?, ?, ?)',
    ),
    insertDelivery: database.prepare(`INSERT INTO outbox (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`),
    insertStep: database.prepare(
      `INSERT INTO delivery_steps (ticket_id, revision, call_id, state, what, attempt, detail, pos_order_id, at_wall_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    update: database.prepare(
      `UPDATE outbox SET state = ?, generation = ?, attempts = ?, refused = ?, attention_wall_ms = ?, lease_wall_ms = ?,
         next_wall_ms = ?, pos_order_id = ? WHERE ticket_id = ? AND revision = ?`,
    ),
    find: database.prepare(`SELECT ${COLUMNS} FROM outbox WHERE ticket_id = ? AND revision = ?`),
    ticket: database.prepare('SELECT body FROM tickets WHERE ticket_id = ? AND revision = ?'),
    ackedRevision: database.prepare(
      `SELECT max(revision) AS revision FROM outbox WHERE ticket_id = ? AND state = 'acked'`,
    ),
    takenBefore: database.prepare(
      `SELECT revision, pos_order_id FROM outbox WHERE ticket_id = ? AND revision < ? AND pos_order_id IS NOT NULL
       ORDER BY revision DESC LIMIT 1`,
    ),
    unsettledBefore: database.prepare(
      `SELECT min(revision) AS revision FROM outbox WHERE ticket_id = ? AND revision < ? AND ${open} AND refused = 0`,
    ),
    toQueue: database.prepare(
      `SELECT ${COLUMNS} FROM outbox WHERE ${open} AND lease_wall_ms IS NULL AND refused = 0 AND next_wall_ms <= ?
       ORDER BY attention_wall_ms LIMIT ?`,
    ),
    leaseEnded: database.prepare(
      `SELECT ${COLUMNS} FROM outbox WHERE ${open} AND lease_wall_ms IS NOT NULL AND lease_wall_ms NOT BETWEEN ? AND ?`,
    ),
    withJob: database.prepare(`SELECT ${COLUMNS} FROM outbox WHERE ${open} AND lease_wall_ms IS NOT NULL`),
    overdue: database.prepare(
      `SELECT ${COLUMNS} FROM outbox WHERE ${open} AND state <> 'needs_attention' AND attention_wall_ms <= ?`,
    ),
    neglected: database.prepare(
      `SELECT ${COLUMNS} FROM outbox WHERE ${open} AND state = 'needs_attention' AND attention_wall_ms <= ?`,
    ),
    counts: database.prepare(
      `SELECT count(*) AS unacked, total(state = 'needs_attention') AS attention FROM outbox WHERE ${open}`,
    ),
  };
}
