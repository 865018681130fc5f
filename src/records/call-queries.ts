import type { DatabaseSync, SQLOutputValue, StatementSync } from 'node:sqlite';
import type { SessionStats } from '../media/contract.ts';
import type { AgentWord, DeliveryState, OrderSnapshot } from '../orders/contract.ts';
import type { Ticket } from '../orders/ticket.ts';
import { listSql } from './call-filter.ts';
import type { CallDetail, CallListQuery, CallOutcome, CallSummary, NumbersAnswer, NumbersQuery } from './contract.ts';
import { NUMBERS_COLUMNS, numbersOf } from './numbers.ts';
import { toStep } from './ticket-queries.ts';
import { worstOf } from './worst-calls.ts';

type Row = Record<string, SQLOutputValue>;

interface StoredTicket {
  readonly ticket: Ticket;
  readonly state: DeliveryState;
}

/** The worst are looked for among so many calls at most, the newest: months of a store. */
const WORST_AMONG = 20_000;
const SUMMARY = `calls.call_id, lane, calls.started_wall_ms, duration_ms, outcome, reason, greeted_ms, items, total_cents, currency, flags,
  delivery_state`;

/** The pages' queries on a read-only connection. */
export class CallQueries {
  readonly #database: DatabaseSync;
  readonly #one: StatementSync;
  readonly #tickets: StatementSync;
  readonly #words: StatementSync;
  readonly #log: StatementSync;
  readonly #steps: StatementSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#one = database.prepare('SELECT * FROM calls LEFT JOIN drafts USING (call_id) WHERE call_id = ?');
    this.#tickets = database.prepare(
      `SELECT body, state FROM tickets JOIN outbox USING (ticket_id, revision)
       WHERE tickets.call_id = ? ORDER BY customer_seq, revision`,
    );
    this.#words = database.prepare('SELECT turn, text, from_ms, to_ms FROM words WHERE call_id = ? ORDER BY position');
    this.#log = database.prepare('SELECT at_ms, what, detail FROM call_log WHERE call_id = ? ORDER BY id');
    this.#steps = database.prepare('SELECT * FROM delivery_steps WHERE ticket_id = ? AND revision = ? ORDER BY id');
  }

  listCalls({ limit, filter = {}, after = null, order = 'newest' }: CallListQuery): readonly CallSummary[] {
    const isPage = order === 'newest';
    const { text, values } = listSql(SUMMARY, filter, isPage ? after : null);
    const rows = this.#database.prepare(`${text} LIMIT :limit`).all({ ...values, limit: isPage ? limit : WORST_AMONG });
    const calls = rows.map(toSummary);
    return isPage ? calls : worstOf(calls, limit);
  }

  numbers(query: NumbersQuery): NumbersAnswer {
    const rows = this.#database
      .prepare(
        `SELECT ${NUMBERS_COLUMNS} FROM calls WHERE started_wall_ms >= ? AND started_wall_ms < ? AND outcome <> 'live'`,
      )
      .all(query.fromWallMs, query.toWallMs);
    return numbersOf(rows, query);
  }

  getCall(callId: string): CallDetail | null {
    const row = this.#one.get(callId);
    if (row === undefined) return null;
    const tickets = this.#tickets.all(callId).map(toStoredTicket);
    return {
      summary: toSummary(row),
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
}

/** Items and total are those of each car's last revision; of a call without a ticket those of its draft (call-index.ts). */
function toSummary(row: Row): CallSummary {
  return {
    callId: String(row['call_id']),
    lane: String(row['lane']),
    startedWallMs: Number(row['started_wall_ms']),
    durationMs: numberOrNull(row['duration_ms']),
    outcome: row['outcome'] as CallOutcome,
    reason: textOrNull(row['reason']),
    greetedMs: numberOrNull(row['greeted_ms']),
    items: Number(row['items']),
    totalCents: numberOrNull(row['total_cents']),
    currency: textOrNull(row['currency']),
    reviewReasons: JSON.parse(String(row['flags'])) as readonly string[],
    deliveryState: row['delivery_state'] == null ? null : (row['delivery_state'] as DeliveryState),
  };
}

function toStoredTicket(row: Row): StoredTicket {
  return { ticket: JSON.parse(String(row['body'])) as Ticket, state: row['state'] as DeliveryState };
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

function textOrNull(value: SQLOutputValue | undefined): string | null {
  return value == null ? null : String(value);
}

function numberOrNull(value: SQLOutputValue | undefined): number | null {
  return value == null ? null : Number(value);
}
