import { randomUUID } from 'node:crypto';
import type { RecordBatch } from '../../records/call-writer.ts';
import type { CallRecordEvent } from '../../records/contract.ts';

/** Half an hour of a few busy lanes: more would only be memory that a full disk takes from the calls. */
const LIMIT = 50_000;
/** Records in one transaction: short enough that a commit behind it does not wait. */
const BATCH = 500;

/**
 * Call records that are not known to be written, in order. One batch is under way at a time; what was not answered is handed over
 * again, and the numbers let the database skip what it has.
 */
export class RecordBacklog {
  readonly #runId = randomUUID();
  readonly #limit: number;
  #events: CallRecordEvent[] = [];
  #firstSequence = 0;
  #isUnderWay = false;

  constructor(limit = LIMIT) {
    this.#limit = limit;
  }

  get size(): number {
    return this.#events.length;
  }

  /** Returns how many old records had to go for it. */
  add(event: CallRecordEvent): number {
    this.#events.push(event);
    if (this.#events.length <= this.#limit) return 0;
    const dropped = Math.ceil(this.#limit / 10);
    this.#events.splice(0, dropped);
    this.#firstSequence += dropped;
    return dropped;
  }

  /** The next batch, or null while one is under way or there is nothing. */
  take(): RecordBatch | null {
    if (this.#isUnderWay || this.#events.length === 0) return null;
    this.#isUnderWay = true;
    return { runId: this.#runId, firstSequence: this.#firstSequence, events: this.#events.slice(0, BATCH) };
  }

  written(lastSequence: number): void {
    this.#isUnderWay = false;
    const count = Math.max(0, lastSequence + 1 - this.#firstSequence);
    this.#events.splice(0, count);
    this.#firstSequence += count;
  }

  /** The batch was refused, or the worker died with it. */
  unanswered(): void {
    this.#isUnderWay = false;
  }
}
