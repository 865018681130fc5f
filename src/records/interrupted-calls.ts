import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { OrderSnapshot } from '../orders/contract.ts';
import { inTransaction } from './database.ts';

export interface Interrupted {
  readonly calls: number;
  /** Of those, how many had an order with lines of which no ticket was made. */
  readonly orders: number;
}

/**
 * At the gateway's start: calls that are still `live` were cut by its end. Nobody has confirmed their drafts, so no ticket is
 * made of them; a call whose draft had lines is marked for review (`truncated`) and a person decides. What was recorded of a call is
 * entered where `recordingsDirectory` has it.
 */
export function markInterruptedCalls(database: DatabaseSync, recordingsDirectory: string | null): Interrupted {
  const tickets = database.prepare('SELECT customer_seq FROM tickets WHERE call_id = ?');
  const mark = database.prepare(
    `UPDATE calls SET outcome = 'interrupted', reason = 'the gateway stopped', review_reasons = ?, recording = ? WHERE call_id = ?`,
  );
  const log = database.prepare('INSERT INTO call_log (call_id, at_ms, what, detail) VALUES (?, ?, ?, ?)');
  const live = database.prepare(
    `SELECT call_id, orders, (SELECT max(to_ms) FROM words WHERE words.call_id = calls.call_id) AS last_ms
     FROM calls LEFT JOIN drafts USING (call_id) WHERE outcome = 'live'`,
  );
  return inTransaction(database, () => {
    let orders = 0;
    const rows = live.all();
    for (const row of rows) {
      const callId = String(row['call_id']);
      const ticketed = new Set(tickets.all(callId).map((ticket) => Number(ticket['customer_seq'])));
      const drafts = row['orders'] === null ? [] : (JSON.parse(String(row['orders'])) as readonly OrderSnapshot[]);
      const lost = drafts.filter(
        (order) => order.status !== 'abandoned' && order.lines.length > 0 && !ticketed.has(order.customerSeq),
      );
      if (lost.length > 0) orders++;
      const recording = `${callId}.opus`;
      const hasRecording = recordingsDirectory !== null && existsSync(join(recordingsDirectory, recording));
      mark.run(JSON.stringify(lost.length > 0 ? ['truncated'] : []), hasRecording ? recording : null, callId);
      const detail = lost.length > 0 ? 'the gateway stopped; the order was not closed' : 'the gateway stopped';
      log.run(callId, Number(row['last_ms'] ?? 0), 'interrupted', detail);
    }
    // Records of earlier runs are never handed over again.
    database.exec('DELETE FROM journal');
    return { calls: rows.length, orders };
  });
}
