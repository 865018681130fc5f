import { type BackendFactory, type IQueueBackend, Queue, UnrecoverableError, Worker, type WorkerOptions } from 'bullmq';
import { systemClock } from '../../../runtime/clock.ts';
import { within } from '../../../runtime/within.ts';
import type { DeliveryJob, JobOutcome, JobQueue, JobQueueEvents, JobWork, QueueSettings } from './job-queue.ts';

/** 0.5 s doubling to 16 s before jitter: a car reaches the window in 30-90 s. */
const BACKOFF = { type: 'exponential', delay: 500, jitter: 0.5 };
const DAY_SECONDS = 86_400;
/** A connection that does not close by then is left to the end of the thread. */
const LET_GO_MS = 1_000;

/** A dead worker is noticed well before attention is raised. Stalling often is harmless: a job sent twice is one order. */
const workerOptions = {
  lockDuration: 10_000,
  stalledInterval: 5_000,
  maxStalledCount: 3,
  runRetryDelay: 1_000,
} as const satisfies Partial<WorkerOptions>;

/** Connections of one transport. Redis wants a producer that fails at once and a worker that waits. */
export interface BullConnections<Connection> {
  readonly producer: Connection;
  readonly worker: Connection;
  readonly backend: BackendFactory<IQueueBackend, Connection>;
  /** Ends what the connections share. */
  close(): Promise<void>;
}

/** One store's queue on BullMQ, whatever backend: one job at a time, retries with back-off, failed jobs kept a week. */
export class BullQueue<Connection> implements JobQueue {
  readonly #queue: Queue<DeliveryJob, void, string, DeliveryJob, void, string, IQueueBackend, Connection>;
  readonly #worker: Worker<DeliveryJob, void, string, IQueueBackend, object, Connection>;
  readonly #connections: BullConnections<Connection>;
  readonly #events: JobQueueEvents;

  /** Resolves when jobs are taken; rejects when the queue cannot be reached within `timeoutMs`. */
  static async open<Connection>(
    settings: QueueSettings,
    connections: BullConnections<Connection>,
    work: JobWork,
    events: JobQueueEvents,
    timeoutMs: number,
  ): Promise<BullQueue<Connection>> {
    const opened = new BullQueue(settings, connections, work, events);
    try {
      await within(systemClock, timeoutMs, opened.#start());
      return opened;
    } catch (error) {
      await opened.close(0);
      throw error;
    }
  }

  private constructor(
    { name, ordersPerSecond }: QueueSettings,
    connections: BullConnections<Connection>,
    work: JobWork,
    events: JobQueueEvents,
  ) {
    this.#connections = connections;
    this.#events = events;
    const { producer, worker, backend } = connections;
    this.#queue = new Queue(name, { connection: producer }, backend);
    this.#worker = new Worker(
      name,
      async (job) => this.#settle(await work(job.data)),
      { ...workerOptions, limiter: { max: ordersPerSecond, duration: 1_000 }, connection: worker, autorun: false },
      backend,
    );
    this.#queue.on('error', events.onError);
    this.#worker.on('error', events.onError);
  }

  async add(jobId: string, job: DeliveryJob, attempts: number): Promise<void> {
    await this.#queue.add('deliver', job, {
      jobId,
      attempts,
      backoff: BACKOFF,
      removeOnComplete: { age: DAY_SECONDS, count: 5_000 },
      removeOnFail: { age: 7 * DAY_SECONDS },
    });
  }

  async isLive(jobId: string): Promise<boolean> {
    const state = await this.#queue.getJobState(jobId);
    return state !== 'unknown' && state !== 'failed' && state !== 'completed';
  }

  async close(deadlineMs: number): Promise<void> {
    const graceful = await within(systemClock, deadlineMs, this.#worker.close()).then(
      () => true,
      () => false,
    );
    // A job that runs over the deadline keeps its lock; it is found stalled and sent again, with the same key.
    if (!graceful) await within(systemClock, LET_GO_MS, this.#worker.close(true)).catch(() => undefined);
    await within(systemClock, LET_GO_MS, this.#queue.close()).catch(() => undefined);
    await this.#connections.close();
  }

  async #start(): Promise<void> {
    await Promise.all([this.#queue.waitUntilReady(), this.#worker.waitUntilReady()]);
    await this.#queue.setGlobalConcurrency(1);
    this.#worker.run().catch(this.#events.onError);
  }

  async #settle(outcome: JobOutcome): Promise<void> {
    if (outcome.kind === 'done') return;
    if (outcome.kind === 'never') throw new UnrecoverableError(outcome.reason);
    if (outcome.waitMs === null) throw new Error(outcome.reason);
    await this.#queue.rateLimit(outcome.waitMs);
    throw Worker.RateLimitError();
  }
}
