import { EventEmitter } from 'node:events';
import type { CallRecordEvent } from '../../records/contract.ts';
import type { Clock, Timer } from '../../runtime/clock.ts';
import { describeError, type ErrorRecord, reviveError, SpeakerpostError } from '../../runtime/errors.ts';
import type { Log } from '../../runtime/log.ts';
import type { DeliveryEvents, DeliveryHealth, DeliveryOptions, DeliveryPlane } from '../contract.ts';
import type { Ticket } from '../ticket.ts';
import { DeliveryThread, type WorkReport } from './delivery-thread.ts';
import type { DeliveryOrder } from './messages.ts';
import { RecordBacklog } from './record-backlog.ts';

const RECORDS_RETRY_MS = 1_000;
/** Records that were handed in before the stop get so long to be written. */
const DRAIN_MS = 2_000;
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
  return new ThreadedDeliveryPlane(options, deps);
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

/** Keeps what the worker has not answered until it has, whichever worker that is. */
class ThreadedDeliveryPlane implements DeliveryPlane {
  readonly ready: Promise<void>;
  readonly #options: DeliveryOptions;
  readonly #deps: DeliveryDeps;
  readonly #thread: DeliveryThread;
  readonly #opened = Promise.withResolvers<void>();
  readonly #events = new EventEmitter();
  readonly #commits = new Map<string, WaitingCommit>();
  readonly #requests = new Map<number, WaitingRequest>();
  readonly #records = new RecordBacklog();
  #nextRequest = 1;
  #recordsTimer: Timer | null = null;
  #recordsAreRefused = false;
  #stopping: Promise<void> | null = null;

  constructor(options: DeliveryOptions, deps: DeliveryDeps) {
    this.#options = options;
    this.#deps = deps;
    this.ready = this.#opened.promise;
    // Whoever does not wait for `ready` is told by the alert.
    this.ready.catch(() => undefined);
    this.#thread = new DeliveryThread(options, deps.clock, deps.log, {
      onOpen: () => this.#handOver(),
      onReport: (report) => this.#take(report),
      onDied: (error, isDatabase, isFinal) => this.#died(error, isDatabase, isFinal),
    });
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
    if (waiting !== undefined)
      return isSame(waiting.ticket, ticket) ? waiting.promise : Promise.reject(conflict(ticket));
    if (this.#thread.state === 'stopped') return Promise.reject(notStored(ticket, 'delivery is stopped'));
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#commits.set(key, { ticket, promise, resolve, reject });
    if (this.#thread.state === 'open') this.#thread.post({ kind: 'commit', ticket });
    return promise;
  }

  async resend(ticketId: string, revision: number): Promise<void> {
    await this.#ask((id) => ({ kind: 'resend', id, ticketId, revision }));
  }

  async health(): Promise<DeliveryHealth> {
    const { state } = this.#thread;
    const away: DeliveryHealth = {
      queue: state === 'opening' ? 'starting' : 'down',
      queueDetail: state === 'opening' ? 'the database is being opened' : 'the delivery thread is away',
      unacked: this.#commits.size,
      attention: 0,
    };
    return state === 'open' ? ((await this.#ask((id) => ({ kind: 'health', id }))) ?? away) : away;
  }

  /** Tickets and records handed in before are written; a running attempt may end, up to the POS's time-out. */
  stop(): Promise<void> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<void> {
    const deadlineMs = this.#deps.clock.nowMs() + DRAIN_MS;
    while (this.#thread.state === 'open' && this.#records.size > 0 && this.#deps.clock.nowMs() < deadlineMs) {
      this.#sendRecords();
      await new Promise<void>((resolve) => this.#deps.clock.after(10, resolve));
    }
    await this.#thread.stop(this.#options.pos.timeoutMs + STOP_GRACE_MS);
    this.#recordsTimer?.cancel();
    if (this.#records.size > 0)
      this.#deps.log.error({ count: this.#records.size }, 'call records are lost by the stop');
    this.#rejectAll('delivery is stopped');
    this.#opened.reject(new SpeakerpostError('DELIVERY_WORKER_DIED', { reason: 'delivery is stopped' }));
  }

  /** The database is open: everything unanswered goes to the worker before its queue starts and blocks it. */
  #handOver(): void {
    for (const { ticket } of this.#commits.values()) this.#thread.post({ kind: 'commit', ticket });
    for (const { order } of this.#requests.values()) this.#thread.post(order);
    this.#sendRecords();
    this.#thread.post({ kind: 'deliver' });
    this.#opened.resolve();
  }

  #died(error: ErrorRecord, isDatabase: boolean, isFinal: boolean): void {
    this.#records.unanswered();
    this.#alert(error);
    // A database that cannot be opened may stay so: whoever has a ticket must know that it is not safe.
    if (isDatabase) this.#rejectAll(reviveError(error).message);
    if (isFinal) this.#opened.reject(reviveError(error));
  }

  #take(report: WorkReport): void {
    switch (report.kind) {
      case 'committed':
        this.#thread.works();
        this.#settleCommit(report.key)?.resolve();
        return;
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

  #sendRecords(): void {
    this.#recordsTimer?.cancel();
    this.#recordsTimer = null;
    const batch = this.#thread.state === 'open' ? this.#records.take() : null;
    if (batch !== null) this.#thread.post({ kind: 'records', batch });
  }

  #retryRecords(error: ErrorRecord): void {
    this.#records.unanswered();
    if (!this.#recordsAreRefused) this.#alert(error);
    this.#recordsAreRefused = true;
    this.#recordsTimer?.cancel();
    this.#recordsTimer = this.#deps.clock.after(RECORDS_RETRY_MS, () => this.#sendRecords());
  }

  #ask(order: (id: number) => DeliveryOrder): Promise<DeliveryHealth | null> {
    if (this.#thread.state === 'stopped') {
      return Promise.reject(new SpeakerpostError('DELIVERY_WORKER_DIED', { reason: 'delivery is stopped' }));
    }
    const id = this.#nextRequest++;
    const { promise, resolve, reject } = Promise.withResolvers<DeliveryHealth | null>();
    const asked = order(id);
    this.#requests.set(id, { order: asked, resolve, reject });
    if (this.#thread.state === 'open') this.#thread.post(asked);
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
    for (const { ticket, reject } of commits) reject(notStored(ticket, reason));
    for (const { reject } of requests) reject(new SpeakerpostError('DELIVERY_WORKER_DIED', { reason }));
  }

  #alert(error: ErrorRecord): void {
    this.#emit('alert', { error, atWallMs: this.#deps.clock.wallMs() });
  }

  #emit<Name extends keyof DeliveryEvents>(name: Name, ...args: Parameters<DeliveryEvents[Name]>): void {
    this.#events.emit(name, ...args);
  }
}

/** The same hand-over repeated; another one of the same place is somebody else's. */
function isSame(one: Ticket, other: Ticket): boolean {
  return one === other || JSON.stringify(one) === JSON.stringify(other);
}

function conflict({ ticketId, revision }: Ticket): SpeakerpostError {
  return new SpeakerpostError('TICKET_CONFLICT', { ticketId, revision, other: ticketId });
}

function notStored({ ticketId, revision }: Ticket, reason: string): SpeakerpostError {
  return new SpeakerpostError('TICKET_NOT_STORED', { ticketId, revision, reason });
}
