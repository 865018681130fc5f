import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';
import type { SessionStats } from '../media/contract.ts';
import type { AgentWord, DeliveryState, DeliveryStep, OrderSnapshot } from '../orders/contract.ts';
import type { Ticket } from '../orders/ticket.ts';
import type { CallDetail, CallOutcome, CallSummary } from './contract.ts';

type Row = Record<string, SQLOutputValue>;

interface StoredTicket {
  readonly ticket: Ticket;
  readonly state: DeliveryState;
}

/** The state that a person should see first when a call has several tickets. */
const bySeverity: readonly DeliveryState[] = ['needs_attention', 'dead', 'pending', 'queued', 'acked'];

const CALL_ROWS = `SELECT call_id, lane, started_wall_ms, duration_ms, outcome, reason, greeted_ms, review_reasons, sip_call_id, caller,
  source, codec, menu_id, persona_id, seed, consent, stats, recording, orders FROM calls LEFT JOIN drafts USING (call_id)`;

/** The pages' queries on a read-only connection. */
export class CallQueries {
  readonly #list: StatementSync;
  readonly #one: StatementSync;
  readonly #tickets: StatementSync;
  readonly #words: StatementSync;
  readonly #log: StatementSync;
  readonly #steps: StatementSync;

  constructor(database: DatabaseSync) {
    this.#list = database.prepare(`${CALL_ROWS} WHERE started_wall_ms < ? ORDER BY started_wall_ms DESC LIMIT ?`);
    this.#one = database.prepare(`${CALL_ROWS} WHERE call_id = ?`);
    this.#tickets = database.prepare(
      `SELECT tickets.call_id, body, state FROM tickets JOIN outbox USING (ticket_id, revision)
       WHERE tickets.call_id IN (SELECT value FROM json_each(?)) ORDER BY customer_seq, revision`,
    );
    this.#words = database.prepare('SELECT turn, text, from_ms, to_ms FROM words WHERE call_id = ? ORDER BY position');
    this.#log = database.prepare('SELECT at_ms, what, detail FROM call_log WHERE call_id = ? ORDER BY id');
    this.#steps = database.prepare('SELECT * FROM delivery_steps WHERE ticket_id = ? AND revision = ? ORDER BY id');
  }

  listCalls(query: { readonly limit: number; readonly beforeWallMs: number | null }): readonly CallSummary[] {
    const rows = this.#list.all(query.beforeWallMs ?? Number.MAX_SAFE_INTEGER, query.limit);
    const tickets = this.#ticketsOf(rows.map((row) => String(row['call_id'])));
    return rows.map((row) => toSummary(row, tickets.get(String(row['call_id'])) ?? []));
  }

  getCall(callId: string): CallDetail | null {
    const row = this.#one.get(callId);
    if (row === undefined) return null;
    const tickets = this.#ticketsOf([callId]).get(callId) ?? [];
    return {
      summary: toSummary(row, tickets),
      sipCallId: String(row['sip_call_id']),
      from: String(row['caller']),
      source: String(row['source']),
      codec: String(row['codec']),
      menuId: String(row['menu_id']),
      personaId: String(row['persona_id']),
      seed: Number(row['seed']),
      consent: textOrNull(row['consent']),
      words: this.#words.all(callId).map(toWord),
      log: this.#log.all(callId).map((entry) => ({
        atMs: Number(entry['at_ms']),
        what: String(entry['what']),
        detail: String(entry['detail']),
      })),
      drafts: draftsOf(row),
      tickets: tickets.map(({ ticket, state }) => ({
        ticket,
        state,
        trail: this.#steps.all(ticket.ticketId, ticket.revision).map(toStep),
      })),
      stats: row['stats'] == null ? null : (JSON.parse(String(row['stats'])) as SessionStats),
      recording: textOrNull(row['recording']),
    };
  }

  #ticketsOf(callIds: readonly string[]): Map<string, StoredTicket[]> {
    const byCall = new Map<string, StoredTicket[]>();
    for (const row of this.#tickets.all(JSON.stringify(callIds))) {
      const callId = String(row['call_id']);
      const stored = { ticket: JSON.parse(String(row['body'])) as Ticket, state: row['state'] as DeliveryState };
      byCall.set(callId, [...(byCall.get(callId) ?? []), stored]);
    }
    return byCall;
  }
}

/** Items and total are those of each car's last revision; of a call without a ticket those of its draft. */
function toSummary(row: Row, stored: readonly StoredTicket[]): CallSummary {
  const last = new Map(stored.map(({ ticket }) => [ticket.customerSeq, ticket]));
  const tickets = [...last.values()].filter((ticket) => ticket.status === 'confirmed');
  const orders = stored.length > 0 ? tickets : draftsOf(row).filter((order) => order.status !== 'abandoned');
  const states = new Set(stored.map(({ state }) => state));
  const reasons = [
    ...(JSON.parse(String(row['review_reasons'])) as readonly string[]),
    ...[...last.values()].flatMap((ticket) => ticket.review.reasons),
  ];
  return {
    callId: String(row['call_id']),
    lane: String(row['lane']),
    startedWallMs: Number(row['started_wall_ms']),
    durationMs: numberOrNull(row['duration_ms']),
    outcome: row['outcome'] as CallOutcome,
    reason: textOrNull(row['reason']),
    greetedMs: numberOrNull(row['greeted_ms']),
    items: sum(orders.flatMap((order) => order.lines.map((line) => line.quantity))),
    totalCents: orders.length === 0 ? null : sum(orders.map((order) => order.totals.totalCents)),
    currency: stored[0]?.ticket.currency ?? null,
    reviewReasons: [...new Set(reasons)],
    deliveryState: bySeverity.find((state) => states.has(state)) ?? null,
  };
}

function draftsOf(row: Row): readonly OrderSnapshot[] {
  return row['orders'] == null ? [] : (JSON.parse(String(row['orders'])) as readonly OrderSnapshot[]);
}

function toWord(row: Row): AgentWord {
  return {
    turn: Number(row['turn']),
    text: String(row['text']),
    fromMs: Number(row['from_ms']),
    toMs: Number(row['to_ms']),
  };
}

function toStep(row: Row): DeliveryStep {
  return {
    ticketId: String(row['ticket_id']),
    revision: Number(row['revision']),
    callId: String(row['call_id']),
    state: row['state'] as DeliveryState,
    what: String(row['what']),
    attempt: numberOrNull(row['attempt']),
    detail: textOrNull(row['detail']),
    posOrderId: textOrNull(row['pos_order_id']),
    atWallMs: Number(row['at_wall_ms']),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function textOrNull(value: SQLOutputValue | undefined): string | null {
  return value == null ? null : String(value);
}

function numberOrNull(value: SQLOutputValue | undefined): number | null {
  return value == null ? null : Number(value);
}
