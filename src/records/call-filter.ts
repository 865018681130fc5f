import type { SQLInputValue } from 'node:sqlite';
import type { CallCursor, CallFilter } from './contract.ts';

export interface ListSql {
  /** Ends in ORDER BY; takes LIMIT. */
  readonly text: string;
  readonly values: Readonly<Record<string, SQLInputValue>>;
}

/**
 * The list's query. What it begins from decides how many rows are read until a page is full: words begin from the text index, a reason
 * for review from its own table, anything else from an index by time. Values are bound, never written into the text.
 */
export function listSql(columns: string, filter: Partial<CallFilter>, after: CallCursor | null): ListSql {
  const match = filter.text == null ? null : textQuery(filter.text);
  const flag = filter.flag ?? null;
  const parts: string[] = [];
  const values: Record<string, SQLInputValue> = {};
  const add = (sql: string, own: Record<string, SQLInputValue>) => {
    parts.push(sql);
    Object.assign(values, own);
  };
  const { lane, outcome, delivery, fromWallMs, toWallMs } = filter;
  if (lane != null) add('lane = :lane', { lane });
  if (outcome != null) add('outcome = :outcome', { outcome });
  if (delivery != null) add('delivery_state = :delivery', { delivery });
  if (fromWallMs != null) add('calls.started_wall_ms >= :fromWallMs', { fromWallMs });
  if (toWallMs != null) add('calls.started_wall_ms < :toWallMs', { toWallMs });
  if (after !== null) {
    const { startedWallMs, callId } = after;
    add('(calls.started_wall_ms, calls.call_id) < (:startedWallMs, :callId)', { startedWallMs, callId });
  }
  let from = 'calls';
  let order = 'calls.started_wall_ms DESC, calls.call_id DESC';
  if (match !== null) {
    // CROSS JOIN: SQLite keeps this order of the tables. Calls are numbered in the order of their start.
    from = 'call_text CROSS JOIN calls ON calls.search_id = call_text.rowid';
    order = 'call_text.rowid DESC';
    add('call_text MATCH :match', { match });
    if (flag !== null)
      add('EXISTS (SELECT 1 FROM call_flags WHERE flag = :flag AND call_id = calls.call_id)', { flag });
  } else if (flag !== null) {
    from = 'call_flags CROSS JOIN calls USING (call_id)';
    order = 'call_flags.started_wall_ms DESC, call_flags.call_id DESC';
    add('flag = :flag', { flag });
  }
  const where = parts.length === 0 ? 'true' : parts.join(' AND ');
  return { text: `SELECT ${columns} FROM ${from} WHERE ${where} ORDER BY ${order}`, values };
}

/**
 * Every word of what somebody typed, as the beginning of a word of the call; null when there is none. Quoted, so that nothing
 * typed is an operator of the index's language (sqlite.org/fts5.html#fts5_strings).
 */
export function textQuery(typed: string): string | null {
  const words = typed.match(/[\p{L}\p{N}]+/gu) ?? [];
  if (words.length === 0) return null;
  return words
    .slice(0, 12)
    .map((word) => `"${word}"*`)
    .join(' ');
}
