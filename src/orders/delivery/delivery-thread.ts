import { Worker } from 'node:worker_threads';
import type { Clock, Timer } from '../../runtime/clock.ts';
import { describeError, type ErrorRecord, messageOf, SpeakerpostError } from '../../runtime/errors.ts';
import type { Log } from '../../runtime/log.ts';
import type { DeliveryOptions } from '../contract.ts';
import type { DeliveryOrder, DeliveryReport, DeliveryWorkerData } from './messages.ts';

const RESTART_FIRST_MS = 100;
const RESTART_LAST_MS = 5_000;

export interface DeliveryThreadEvents {
  /** The worker has the database open and takes orders. */
  readonly onOpen: () => void;
  readonly onReport: (report: WorkReport) => void;
  /** The worker is gone. `isDatabase`: it could not open the database; `isFinal`: at the first start, so no other is started. */
  readonly onDied: (error: ErrorRecord, isDatabase: boolean, isFinal: boolean) => void;
}

/** Reports about the work, not about the worker itself. */
export type WorkReport = Exclude<DeliveryReport, { readonly kind: 'open' | 'unusable' }>;

/** Supervises the delivery worker: starts it, and starts it again when it dies, with a growing pause. */
export class DeliveryThread {
  readonly #options: DeliveryOptions;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #events: DeliveryThreadEvents;
  #worker: Worker;
  #state: 'opening' | 'open' | 'dead' | 'stopped' = 'opening';
  #hasBeenOpen = false;
  #restartMs = RESTART_FIRST_MS;
  #restart: Timer | null = null;

  constructor(options: DeliveryOptions, clock: Clock, log: Log, events: DeliveryThreadEvents) {
    this.#options = options;
    this.#clock = clock;
    this.#log = log;
    this.#events = events;
    this.#worker = this.#start();
  }

  get state() {
    return this.#state;
  }

  post(order: DeliveryOrder): void {
    this.#worker.postMessage(order);
  }

  /** The worker has done something that matters: its next death starts another at once. */
  works(): void {
    this.#restartMs = RESTART_FIRST_MS;
  }

  /** Ends the worker, by its own way where it is open; what is not done by `deadlineMs` is done at the next start. */
  async stop(deadlineMs: number): Promise<void> {
    this.#restart?.cancel();
    const wasOpen = this.#state === 'open';
    this.#state = 'stopped';
    if (wasOpen) {
      const exit = new Promise((resolve) => this.#worker.once('exit', resolve));
      this.post({ kind: 'stop' });
      const deadline = this.#clock.after(deadlineMs, () => {
        this.#log.warn({ deadlineMs }, 'delivery worker does not stop in time');
        void this.#worker.terminate();
      });
      await exit;
      deadline.cancel();
    }
    await this.#worker.terminate();
  }

  #start(): Worker {
    this.#state = 'opening';
    const data: DeliveryWorkerData = { options: this.#options, isFirst: !this.#hasBeenOpen };
    const worker = new Worker(new URL('./delivery-worker.ts', import.meta.url), { name: 'delivery', workerData: data });
    let reason = 'it ended';
    let unusable: ErrorRecord | null = null;
    worker.on('message', (report: DeliveryReport) => {
      if (report.kind === 'open') this.#opened();
      else if (report.kind === 'unusable') unusable = report.error;
      else this.#events.onReport(report);
    });
    worker.on('error', (error) => {
      reason = messageOf(error);
    });
    worker.on('exit', () => {
      if (this.#state === 'stopped') return;
      this.#died(
        unusable ?? describeError(new SpeakerpostError('DELIVERY_WORKER_DIED', { reason })),
        unusable !== null,
      );
    });
    return worker;
  }

  #opened(): void {
    if (this.#state === 'stopped') return;
    this.#state = 'open';
    this.#hasBeenOpen = true;
    this.#events.onOpen();
  }

  #died(error: ErrorRecord, isDatabase: boolean): void {
    const isFinal = isDatabase && !this.#hasBeenOpen;
    const restartMs = isFinal ? null : this.#restartMs;
    this.#state = isFinal ? 'stopped' : 'dead';
    this.#log.error({ code: error.code, details: error.details, restartMs }, 'delivery worker died');
    this.#events.onDied(error, isDatabase, isFinal);
    if (restartMs === null) return;
    this.#restart = this.#clock.after(restartMs, () => {
      this.#worker = this.#start();
    });
    this.#restartMs = Math.min(2 * restartMs, RESTART_LAST_MS);
  }
}
