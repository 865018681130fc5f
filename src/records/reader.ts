import { Worker } from 'node:worker_threads';
import { type ErrorRecord, messageOf, reviveError, SpeakerpostError } from '../runtime/errors.ts';
import type {
  CallDetail,
  CallListQuery,
  CallSummary,
  NumbersAnswer,
  NumbersQuery,
  RecordReader,
  TicketListQuery,
  TicketRecord,
  TicketRevision,
} from './contract.ts';

/** What the reader thread is asked. */
export type ReaderQuery =
  | ({ readonly kind: 'listCalls' } & CallListQuery)
  | ({ readonly kind: 'numbers' } & NumbersQuery)
  | ({ readonly kind: 'listTickets' } & TicketListQuery)
  | { readonly kind: 'getTicket'; readonly ticketId: string }
  | { readonly kind: 'getCall'; readonly callId: string };

export interface ReaderRequest {
  readonly id: number;
  readonly query: ReaderQuery;
}

export type ReaderAnswer =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: ErrorRecord };

/**
 * Starts a read-only thread on the database for pages. A query rejects with RECORD_READER_FAILED when the database cannot be
 * read or the thread dies; the next query starts a new one.
 */
export function startRecordReader(databaseFile: string): RecordReader {
  return new ThreadedRecordReader(databaseFile);
}

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

class ThreadedRecordReader implements RecordReader {
  readonly #databaseFile: string;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | null = null;
  #nextId = 1;
  #isStopped = false;

  constructor(databaseFile: string) {
    this.#databaseFile = databaseFile;
  }

  listCalls(query: CallListQuery): Promise<readonly CallSummary[]> {
    return this.#ask<readonly CallSummary[]>({ kind: 'listCalls', ...query });
  }

  numbers(query: NumbersQuery): Promise<NumbersAnswer> {
    return this.#ask<NumbersAnswer>({ kind: 'numbers', ...query });
  }

  listTickets(query: TicketListQuery): Promise<readonly TicketRevision[]> {
    return this.#ask<readonly TicketRevision[]>({ kind: 'listTickets', ...query });
  }

  getTicket(ticketId: string): Promise<readonly TicketRecord[]> {
    return this.#ask<readonly TicketRecord[]>({ kind: 'getTicket', ticketId });
  }

  getCall(callId: string): Promise<CallDetail | null> {
    return this.#ask<CallDetail | null>({ kind: 'getCall', callId });
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    const worker = this.#worker;
    this.#worker = null;
    await worker?.terminate();
    this.#rejectAll('the gateway stops');
  }

  #ask<Result>(query: ReaderQuery): Promise<Result> {
    if (this.#isStopped)
      return Promise.reject(new SpeakerpostError('RECORD_READER_FAILED', { reason: 'the gateway stops' }));
    this.#worker ??= this.#start();
    const id = this.#nextId++;
    const { promise, resolve, reject } = Promise.withResolvers<Result>();
    this.#waiting.set(id, { resolve: (result) => resolve(result as Result), reject });
    this.#worker.postMessage({ id, query } satisfies ReaderRequest);
    return promise;
  }

  #start(): Worker {
    const worker = new Worker(new URL('./reader-worker.ts', import.meta.url), {
      name: 'records',
      workerData: this.#databaseFile,
    });
    let reason = 'the reader thread ended';
    worker.on('message', (answer: ReaderAnswer) => {
      const waiting = this.#waiting.get(answer.id);
      this.#waiting.delete(answer.id);
      if ('error' in answer) waiting?.reject(reviveError(answer.error));
      else waiting?.resolve(answer.result);
    });
    worker.on('error', (error) => {
      reason = messageOf(error);
    });
    worker.on('exit', () => {
      if (this.#worker !== worker) return;
      this.#worker = null;
      this.#rejectAll(reason);
    });
    return worker;
  }

  #rejectAll(reason: string): void {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const each of waiting) each.reject(new SpeakerpostError('RECORD_READER_FAILED', { reason }));
  }
}
