import type { Clock, Timer } from '../../runtime/clock.ts';
import { describeError, type ErrorRecord, messageOf, SpeakerpostError } from '../../runtime/errors.ts';
import type { JobQueue } from './queue/job-queue.ts';

const REOPEN_MS = 1_000;
/** A queue that is away for less is nobody's business: tickets are safe and cars are minutes apart. */
const ALERT_AFTER_MS = 5_000;
/** A queue that fails for so long is closed and opened anew: a PostgreSQL that came back empty lacks the tables that opening makes. */
const RENEW_AFTER_MS = 10_000;

export interface QueueStatus {
  readonly queue: 'starting' | 'up' | 'down';
  readonly queueDetail: string;
}

export interface QueueKeeperDeps {
  readonly clock: Clock;
  readonly open: (onError: (error: Error) => void) => Promise<JobQueue>;
  /** The queue has just been opened. */
  readonly onOpened: () => void;
  readonly alert: (error: ErrorRecord) => void;
}

/** Keeps the queue open: tries again until it opens, knows whether it works, and says so when it is away for long. */
export class QueueKeeper {
  readonly #name: string;
  readonly #deps: QueueKeeperDeps;
  #queue: JobQueue | null = null;
  #opening: Promise<void> = Promise.resolve();
  #retry: Timer | null = null;
  /** Since when it does not work; null while it works. */
  #downSinceMs: number | null = null;
  #renewAtMs = 0;
  #reason = '';
  #hasAlerted = false;
  #isStopped = false;

  /** `name` is the transport as messages show it. */
  constructor(name: string, deps: QueueKeeperDeps) {
    this.#name = name;
    this.#deps = deps;
  }

  start(): void {
    this.#opening = this.#open();
  }

  get queue(): JobQueue | null {
    return this.#queue;
  }

  get status(): QueueStatus {
    if (this.#downSinceMs !== null) return { queue: 'down', queueDetail: `${this.#name}: ${this.#reason}` };
    return { queue: this.#queue === null ? 'starting' : 'up', queueDetail: this.#name };
  }

  /** A command to the queue worked. */
  works(): void {
    this.#downSinceMs = null;
    this.#hasAlerted = false;
  }

  /** A command or the connection failed. */
  fails(error: unknown): void {
    const nowMs = this.#deps.clock.nowMs();
    if (this.#downSinceMs === null) this.#renewAtMs = nowMs + RENEW_AFTER_MS;
    this.#downSinceMs ??= nowMs;
    this.#reason = describeReason(error);
    if (nowMs >= this.#renewAtMs) this.#renew();
    if (this.#hasAlerted || this.#deps.clock.nowMs() - this.#downSinceMs < ALERT_AFTER_MS) return;
    this.#hasAlerted = true;
    this.#deps.alert(describeError(new SpeakerpostError('QUEUE_DOWN', { queue: this.#name, reason: this.#reason })));
  }

  async stop(deadlineMs: number): Promise<void> {
    this.#isStopped = true;
    this.#retry?.cancel();
    await this.#opening;
    await this.#queue?.close(deadlineMs);
    this.#queue = null;
  }

  #renew(): void {
    const failing = this.#queue;
    if (failing === null || this.#isStopped) return;
    this.#renewAtMs = this.#deps.clock.nowMs() + RENEW_AFTER_MS;
    this.#queue = null;
    this.#opening = failing
      .close(0)
      .catch(() => undefined)
      .then(() => this.#open());
  }

  async #open(): Promise<void> {
    try {
      this.#queue = await this.#deps.open((error) => this.fails(error));
      this.works();
      this.#deps.onOpened();
    } catch (error) {
      this.fails(error);
      if (!this.#isStopped) this.#retry = this.#deps.clock.after(REOPEN_MS, () => this.start());
    }
  }
}

/** Network errors that come from several addresses at once have no message of their own. */
function describeReason(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return describeReason(error.errors[0]);
  return messageOf(error);
}
