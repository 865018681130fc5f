import type { DatabaseSync } from 'node:sqlite';
import type { AgentWord } from '../orders/contract.ts';
import { prepareAll, type Statements } from '../runtime/statements.ts';
import type { CallRecordEvent } from './contract.ts';
import { inTransaction } from './database.ts';
import { maskedJson, maskText, maskWords, mayBePersonal, PERSONAL_WORDS_MAX } from './personal-data.ts';

/** A batch of call records, numbered by the gateway that hands them over. */
export interface RecordBatch {
  /** One start of the gateway. */
  readonly runId: string;
  /** Number of the first event; the others follow without a gap. */
  readonly firstSequence: number;
  readonly events: readonly CallRecordEvent[];
}

/** Writes what happens in calls. A batch is one transaction; an event that was written is skipped when it comes again. */
export class CallWriter {
  readonly #database: DatabaseSync;
  readonly #statements: Statements<typeof sql>;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#statements = prepareAll(database, sql);
  }

  write(batch: RecordBatch): void {
    const { runId, firstSequence, events } = batch;
    inTransaction(this.#database, () => {
      const last = Number(this.#statements.lastSequence.get(runId)?.['last_sequence'] ?? -1);
      const fresh = events.slice(Math.max(0, last + 1 - firstSequence));
      for (const event of fresh) this.#writeEvent(event);
      if (fresh.length > 0) this.#statements.markSequence.run(runId, firstSequence + events.length - 1);
    });
  }

  #writeEvent(event: CallRecordEvent): void {
    const s = this.#statements;
    switch (event.kind) {
      case 'started':
        s.started.run(
          event.callId,
          event.sipCallId,
          event.storeId,
          event.lane,
          event.from,
          event.source,
          event.codec,
          event.menuId,
          event.personaId,
          event.seed,
          event.consent,
          Math.round(event.startedWallMs),
        );
        return;
      case 'greeted':
        s.greeted.run(event.atMs, event.callId);
        return;
      case 'words':
        this.#writeWords(event.callId, event.words);
        return;
      case 'log':
        s.log.run(event.callId, event.atMs, event.what, maskText(event.detail));
        return;
      case 'draft':
        s.draft.run(event.callId, maskedJson(event.orders));
        return;
      case 'ended':
        s.ended.run(
          event.outcome,
          event.reason,
          event.durationMs,
          event.stats === null ? null : JSON.stringify(event.stats),
          event.recording,
          event.callId,
        );
        return;
    }
  }

  /** A number comes word by word, so the words before are looked at again: they are masked once it shows. */
  #writeWords(callId: string, words: readonly AgentWord[]): void {
    const s = this.#statements;
    let position = Number(s.nextPosition.get(callId)?.['next'] ?? 0);
    const isLookedAt = words.some((word) => mayBePersonal(word.text));
    const before = isLookedAt ? s.lastWords.all(callId, PERSONAL_WORDS_MAX).reverse() : [];
    const texts = before.map((row) => String(row['text'])).concat(words.map((word) => word.text));
    const masked = maskWords(texts);
    before.forEach((row, index) => {
      const text = masked[index] ?? '';
      if (text !== row['text']) s.maskWord.run(text, callId, Number(row['position']));
    });
    words.forEach((word, index) => {
      const text = masked[before.length + index] ?? '';
      s.word.run(callId, position++, word.turn, text, word.fromMs, word.toMs);
    });
  }
}

const sql = {
  lastSequence: 'SELECT last_sequence FROM journal WHERE run_id = ?',
  markSequence: 'INSERT OR REPLACE INTO journal (run_id, last_sequence) VALUES (?, ?)',
  started: `INSERT OR IGNORE INTO calls (call_id, sip_call_id, store_id, lane, caller, source, codec, menu_id, persona_id, seed,
              consent, started_wall_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  greeted: 'UPDATE calls SET greeted_ms = ? WHERE call_id = ?',
  nextPosition: 'SELECT max(position) + 1 AS next FROM words WHERE call_id = ?',
  lastWords: 'SELECT position, text FROM words WHERE call_id = ? ORDER BY position DESC LIMIT ?',
  maskWord: 'UPDATE words SET text = ? WHERE call_id = ? AND position = ?',
  word: 'INSERT INTO words (call_id, position, turn, text, from_ms, to_ms) VALUES (?, ?, ?, ?, ?, ?)',
  log: 'INSERT INTO call_log (call_id, at_ms, what, detail) VALUES (?, ?, ?, ?)',
  draft: 'INSERT OR REPLACE INTO drafts (call_id, orders) VALUES (?, ?)',
  ended: `UPDATE calls SET outcome = ?, reason = ?, duration_ms = ?, stats = ?, recording = ? WHERE call_id = ?`,
} as const;
