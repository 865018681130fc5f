import { EventEmitter } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { CallRecordEvent } from '../../records/contract.ts';
import type { Clock, Timer } from '../../runtime/clock.ts';
import { describeError, type ErrorRecord, reviveError, SpeakerpostError } from '../../runtime/errors.ts';
import type { Log } from '../../runtime/log.ts';
import type { DeliveryEvents, DeliveryHealth, DeliveryOptions, DeliveryPlane } from '../contract.ts';
import type { Ticket } from '../ticket.ts';
import type { DeliveryOrder, DeliveryReport, DeliveryWorkerData } from './messages.ts';
import { RecordBacklog } from './record-backlog.ts';

const RESTART_FIRST_MS = 100;
const RESTART_LAST_MS = 5_000;
const RECORDS_RETRY_MS = 1_000;
/** Beyond the POS's time-out, which a running attempt may take. */
const STOP_GRACE_MS = 10_000;

export interface DeliveryDeps {
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Starts the delivery worker. `ready` rejects with DATABASE_UNUSABLE or DATABASE_TOO_NEW when the database cannot be opened
 * at the first start; after that a dead worker is started again, however often.
 */
export function startDelivery(options: DeliveryOptions, deps: DeliveryDeps): DeliveryPlane {
  return new WorkerDeliveryPlane(options, deps);
}

interface Waiting<Result> {
  resolve(result: Result): void;
  reject(error: Error): void;
}

interface WaitingCommit extends Waiting<void> {
  readonly ticket: Ticket;
  readonly promise: Promise<void>;
}

interface WaitingRequest extends Waiting<DeliveryHealth | null> {
  readonly order: DeliveryOrder;
}

/** Supervises the worker, and keeps what it has not answered until it has. */
class WorkerDeliveryPlane implements DeliveryPlane {
  readonly ready: Promise<void>;
  readonly #options: DeliveryOptions;
  readonly #deps: DeliveryDeps;
  readonly #opened = Promise.withResolvers<void>();
  readonly #events = new EventEmitter();
  readonly #commits = new Map<string, WaitingCommit>();
  readonly #requests = new Map<number, WaitingRequest>();
  readonly #records = new RecordBacklog();
  #worker: Worker;
  #state: 'opening' | 'open' | 'dead' | 'stopping' | 'stopped' = 'opening';
  #hasBeenOpen = false;
  #nextRequest = 1;
  #restartMs = RESTART_FIRST_MS;
  #restart: Timer | null = null;
  #recordsTimer: Timer | null = null;
  #recordsAreRefused = false;

  constructor(options: DeliveryOptions, deps: DeliveryDeps) {
    this.#options = options;
    this.#deps = deps;
    this.ready = this.#opened.promise;
    // Whoever does not wait for `ready` is told by the alert.
    this.ready.catch(() => undefined);
    this.#worker = this.#start();
  }

  on<Name extends keyof DeliveryEvents>(name: Name, listener: DeliveryEvents[Name]): void {
    this.#events.on(name, listener);
  }

  record(event: CallRecordEvent): void {
    const dropped = this.#records.add(event);
    if (dropped > 0) this.#alert(describeError(new SpeakerpostError('RECORDS_DROPPED', { count: dropped })));
    // What comes in one turn of the loop is one batch.
    this.#recordsTimer ??= this.#deps.clock.after(0, () => this.#sendRecords());
  }

  commit(ticket: Ticket): Promise<void> {
    const key = ticket.idempotencyKey;
    const waiting = this.#commits.get(key);
    if (waiting !== undefined) return waiting.promise;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    if (this.#state === 'stopped') {
      reject(this.#notStored(ticket, 'the gateway stops'));
      return promise;
    }
    this.#commits.set(key, { ticket, promise, resolve, reject });
    if (this.#isOpen) this.#post({ kind: 'commit', ticket });
    return promise;
  }

  async resend(ticketId: string, revision: number): Promise<void> {
    await this.#ask((id) => ({ kind: 'resend', id, ticketId, revision }));
  }

  async health(): Promise<DeliveryHealth> {
    const down = {
      queue: 'down',
      queueDetail: 'the delivery thread is being started again',
      unacked: 0,
      attention: 0,
    } as const;
    if (!this.#isOpen) return down;
    return (await this.#ask((id) => ({ kind: 'health', id }))) ?? down;
  }

  async stop(): Promise<void> {
    if (this.#state === 'stopped' || this.#state === 'stopping') return;
    this.#restart?.cancel();
    if (this.#state === 'open') {
      await this.#drain();
      this.#state = 'stopping';
      const exit = new Promise((resolve) => this.#worker.once('exit', resolve));
      this.#post({ kind: 'stop' });
      const deadline = this.#deps.clock.after(this.#options.pos.timeoutMs + STOP_GRACE_MS, () => {
        this.#deps.log.warn('delivery worker does not stop in time; what it holds is sent at the next start');
        void this.#worker.terminate();
      });
      await exit;
      deadline.cancel();
    }
    this.#state = 'stopped';
    await this.#worker.terminate();
    this.#recordsTimer?.cancel();
    this.#rejectAll('the gateway stops');
  }

  get #isOpen(): boolean {
    return this.#state === 'open' || this.#state === 'stopping';
  }

  #start(): Worker {
    this.#state = 'opening';
    const data: DeliveryWorkerData = { options: this.#options, isFirst: !this.#hasBeenOpen };
    const worker = new Worker(new URL('./delivery-worker.ts', import.meta.url), { name: 'delivery', workerData: data });
    let reason = 'it ended';
    let unusable: ErrorRecord | null = null;
    worker.on('message', (report: DeliveryReport) => {
      if (report.kind === 'unusable') unusable = report.error;
      else this.#take(report);
    });
    worker.on('error', (error) => {
      reason = error instanceof Error ? error.message : String(error);
    });
    worker.on('exit', () => {
      if (this.#state === 'stopping' || this.#state === 'stopped') return;
      this.#died(
        unusable ?? describeError(new SpeakerpostError('DELIVERY_WORKER_DIED', { reason })),
        unusable !== null,
      );
    });
    return worker;
  }

  #died(error: ErrorRecord, isUnusable: boolean): void {
    this.#state = 'dead';
    this.#records.unanswered();
    this.#deps.log.error(
      { code: error.code, details: error.details, restartMs: this.#restartMs },
      'delivery worker died',
    );
    this.#alert(error);
    if (isUnusable) {
      this.#rejectAll(reviveError(error).message);
      if (!this.#hasBeenOpen) {
        this.#state = 'stopped';
        this.#opened.reject(reviveError(error));
        return;
      }
    }
    this.#restart = this.#deps.clock.after(this.#restartMs, () => {
      this.#worker = this.#start();
    });
    this.#restartMs = Math.min(2 * this.#restartMs, RESTART_LAST_MS);
  }

  #take(report: Exclude<DeliveryReport, { kind: 'unusable' }>): void {
    switch (report.kind) {
      case 'open':
        this.#handOver();
        return;
      case 'committed': {
        // A worker that stores a ticket works: the next death starts it again at once.
        this.#restartMs = RESTART_FIRST_MS;
        this.#settleCommit(report.key)?.resolve();
        return;
      }
      case 'refused':
        this.#settleCommit(report.key)?.reject(reviveError(report.error));
        return;
      case 'recorded':
        this.#recordsAreRefused = false;
        this.#records.written(report.lastSequence);
        this.#sendRecords();
        return;
      case 'recordsRefused':
        this.#retryRecords(report.error);
        return;
      case 'answer': {
        const waiting = this.#requests.get(report.id);
        this.#requests.delete(report.id);
        if (report.error === null) waiting?.resolve(report.health);
        else waiting?.reject(reviveError(report.error));
        return;
      }
      case 'step':
        this.#deps.log.debug({ step: report.step }, 'delivery step');
        this.#emit('step', report.step);
        return;
      case 'alert':
        this.#alert(report.error);
        return;
      case 'queueError':
        this.#deps.log.warn({ reason: report.reason }, 'queue is in trouble');
        return;
      case 'loopLag':
        this.#emit('loopLag', { p99Ms: report.p99Ms, maxMs: report.maxMs });
        return;
    }
  }

  /** The database is open: everything unanswered goes to the worker before its queue starts and blocks it. */
  #handOver(): void {
    this.#state = 'open';
    this.#hasBeenOpen = true;
    for (const { ticket } of this.#commits.values()) this.#post({ kind: 'commit', ticket });
    for (const { order } of this.#requests.values()) this.#post(order);
    this.#sendRecords();
    this.#post({ kind: 'deliver' });
    this.#opened.resolve();
  }

  #sendRecords(): void {
    this.#recordsTimer?.cancel();
    this.#recordsTimer = null;
    const batch = this.#isOpen ? this.#records.take() : null;
    if (batch !== null) this.#post({ kind: 'records', batch });
  }

  #retryRecords(error: ErrorRecord): void {
    this.#records.unanswered();
    if (!this.#recordsAreRefused) this.#alert(error);
    this.#recordsAreRefused = true;
    this.#recordsTimer?.cancel();
    this.#recordsTimer = this.#deps.clock.after(RECORDS_RETRY_MS, () => this.#sendRecords());
  }

  /** Lets records that were handed in before the stop be written; a database that refuses them is not waited for. */
  async #drain(): Promise<void> {
    for (let turn = 0; turn < 20 && this.#records.size > 0 && !this.#recordsAreRefused; turn++) {
      this.#sendRecords();
      await new Promise<void>((resolve) => this.#deps.clock.after(100, resolve));
    }
  }

  #ask(order: (id: number) => DeliveryOrder): Promise<DeliveryHealth | null> {
    const id = this.#nextRequest++;
    const { promise, resolve, reject } = Promise.withResolvers<DeliveryHealth | null>();
    if (this.#state === 'stopped') {
      reject(new SpeakerpostError('DELIVERY_WORKER_DIED', { reason: 'the gateway stops' }));
      return promise;
    }
    const asked = order(id);
    this.#requests.set(id, { order: asked, resolve, reject });
    if (this.#isOpen) this.#post(asked);
    return promise;
  }

  #settleCommit(key: string): WaitingCommit | undefined {
    const waiting = this.#commits.get(key);
    this.#commits.delete(key);
    return waiting;
  }

  #rejectAll(reason: string): void {
    const commits = [...this.#commits.values()];
    const requests = [...this.#requests.values()];
    this.#commits.clear();
    this.#requests.clear();
    for (const { ticket, reject } of commits) reject(this.#notStored(ticket, reason));
    for (const { reject } of requests) reject(new SpeakerpostError('DELIVERY_WORKER_DIED', { reason }));
  }

  #notStored({ ticketId, revision }: Ticket, reason: string): SpeakerpostError {
    return new SpeakerpostError('TICKET_NOT_STORED', { ticketId, revision, reason });
  }

  #alert(error: ErrorRecord): void {
    this.#emit('alert', { error, atWallMs: this.#deps.clock.wallMs() });
  }

  #emit<Name extends keyof DeliveryEvents>(name: Name, ...args: Parameters<DeliveryEvents[Name]>): void {
    this.#events.emit(name, ...args);
  }

  #post(order: DeliveryOrder): void {
    this.#worker.postMessage(order);
  }
}
