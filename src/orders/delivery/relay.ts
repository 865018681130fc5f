import type { Clock, Timer } from '../../runtime/clock.ts';
import { type Delivery, GIVE_UP_AFTER_MS } from './delivery-state.ts';
import type { Outbox } from './outbox.ts';
import type { QueueKeeper } from './queue-keeper.ts';

const TICK_MS = 100;
/** Tickets put in the queue in one tick: after an outage the rest follows 100 ms later. */
const BATCH = 50;
/** 0.5 s doubling: about 32 s, more than a car needs to the window. */
const ATTEMPTS = 7;

export interface RelayDeps {
  readonly outbox: Outbox;
  readonly queue: Pick<QueueKeeper, 'queue' | 'works' | 'fails'>;
  readonly clock: Clock;
  /** Attention is to be raised: a person has to look. */
  readonly onOverdue: (delivery: Delivery) => void;
  readonly onDead: (delivery: Delivery) => void;
  /** The outbox itself failed (disk). */
  readonly onStorageError: (error: unknown) => void;
}

/**
 * Moves what is pending from the outbox into the queue and watches over it, ten times a second: raises attention by the
 * clock, puts in again what the queue has lost, tries what needs attention once a minute, and gives up in the end.
 */
export class Relay {
  readonly #deps: RelayDeps;
  #timer: Timer | null = null;
  #running: Promise<void> | null = null;
  #isWoken = false;
  #isStopped = false;

  constructor(deps: RelayDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#schedule(0);
  }

  /** A ticket was committed: it need not wait for the next tick. */
  wake(): void {
    if (this.#running !== null) {
      this.#isWoken = true;
    } else if (this.#timer !== null) {
      this.#timer.cancel();
      this.#schedule(0);
    }
  }

  /** Resolves when no tick is running any more. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    await this.#running;
  }

  #schedule(delayMs: number): void {
    if (this.#isStopped) return;
    this.#timer = this.#deps.clock.after(delayMs, () => {
      this.#running = this.tick().finally(() => {
        this.#running = null;
        this.#schedule(this.#isWoken ? 0 : TICK_MS);
        this.#isWoken = false;
      });
    });
  }

  /** One round. */
  async tick(): Promise<void> {
    try {
      this.#watchTheClock();
      await this.#checkLeases();
      await this.#putIn();
    } catch (error) {
      this.#deps.onStorageError(error);
    }
  }

  /** Needs no queue, so that attention is raised while the queue is away. */
  #watchTheClock(): void {
    const { outbox, onOverdue, onDead } = this.#deps;
    for (const delivery of outbox.overdue()) {
      const changed = outbox.change(delivery, { kind: 'overdue' });
      if (changed !== null) onOverdue(changed);
    }
    for (const delivery of outbox.neglected(GIVE_UP_AFTER_MS)) {
      const changed = outbox.change(delivery, { kind: 'given_up' });
      if (changed !== null) onDead(changed);
    }
  }

  async #checkLeases(): Promise<void> {
    const { outbox, queue } = this.#deps;
    for (const delivery of outbox.leaseEnded()) {
      const isLive = await this.#ask(() => queue.queue?.isLive(jobId(delivery)));
      if (isLive === undefined) return;
      outbox.change(delivery, { kind: isLive ? 'leased' : 'lost' });
    }
  }

  async #putIn(): Promise<void> {
    const { outbox, queue } = this.#deps;
    for (const delivery of outbox.toQueue(BATCH)) {
      const { ticketId, revision, state } = delivery;
      const attempts = state === 'needs_attention' ? 1 : ATTEMPTS;
      const added = await this.#ask(() =>
        queue.queue?.add(jobId(delivery), { ticketId, revision }, attempts).then(() => true),
      );
      if (added === undefined) return;
      // The job may have been worked on while `add` was still answering; then the dispatcher has written more.
      const now = outbox.find(delivery);
      if (now?.leaseWallMs === null && now.attempts === delivery.attempts) outbox.change(delivery, { kind: 'queued' });
    }
  }

  /** Undefined when there is no queue or it does not answer: the rest of the round can wait for the next. */
  async #ask<Answer>(command: () => Promise<Answer> | undefined): Promise<Answer | undefined> {
    try {
      const answer = await command();
      if (answer !== undefined) this.#deps.queue.works();
      return answer;
    } catch (error) {
      this.#deps.queue.fails(error);
      return undefined;
    }
  }
}

/** Every generation has an id of its own: the queue ignores an id that it has had and still keeps, as of a failed job. */
function jobId(delivery: Pick<Delivery, 'ticketId' | 'revision' | 'generation'>): string {
  return `${delivery.ticketId}-r${delivery.revision}-g${delivery.generation}`;
}
