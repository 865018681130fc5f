import type { Clock, Timer } from '../../runtime/clock.ts';

const PHASES = 20;
/** Timers of Node may fire up to a millisecond early; what is due so soon is done now. */
const EARLY_MS = 0.5;

/** Does the work that is due and returns when it is due next, on the ticker's clock. */
export type Tick = (dueMs: number, nowMs: number) => number;

interface Seat {
  dueMs: number;
  readonly phase: number;
  readonly tick: Tick;
}

/**
 * One drift-corrected timer for all sessions of a thread: deadlines are absolute, so lateness never adds up (setInterval(20)
 * loses 1.5 %), and sessions are spread over 20 phases of 1 ms, so that 400 packets do not leave in one burst.
 */
export class SendTicker {
  readonly #clock: Clock;
  readonly #seats = new Set<Seat>();
  readonly #taken = new Array<number>(PHASES).fill(0);
  #timer: Timer | null = null;
  #wakeMs = Number.POSITIVE_INFINITY;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls `tick` from about now on (within 20 ms when many share the thread); the returned function ends it. */
  join(tick: Tick): () => void {
    const nowMs = this.#clock.nowMs();
    let offset = 0;
    const phaseOf = (ms: number) => Math.floor(nowMs + ms) % PHASES;
    for (let i = 1; i < PHASES; i++) {
      if ((this.#taken[phaseOf(i)] ?? 0) < (this.#taken[phaseOf(offset)] ?? 0)) offset = i;
    }
    const phase = phaseOf(offset);
    this.#taken[phase] = (this.#taken[phase] ?? 0) + 1;
    const seat: Seat = { dueMs: nowMs + offset, phase, tick };
    this.#seats.add(seat);
    this.#wakeAt(seat.dueMs, nowMs);
    return () => {
      if (!this.#seats.delete(seat)) return;
      this.#taken[phase] = (this.#taken[phase] ?? 0) - 1;
      if (this.#seats.size === 0) this.#sleep();
    };
  }

  #wakeAt(dueMs: number, nowMs: number): void {
    if (dueMs >= this.#wakeMs) return;
    this.#timer?.cancel();
    this.#wakeMs = dueMs;
    this.#timer = this.#clock.after(Math.max(0, dueMs - nowMs), this.#wake);
  }

  #sleep(): void {
    this.#timer?.cancel();
    this.#timer = null;
    this.#wakeMs = Number.POSITIVE_INFINITY;
  }

  readonly #wake = (): void => {
    this.#timer = null;
    this.#wakeMs = Number.POSITIVE_INFINITY;
    let nextMs = Number.POSITIVE_INFINITY;
    for (const seat of this.#seats) {
      const nowMs = this.#clock.nowMs();
      if (seat.dueMs <= nowMs + EARLY_MS) seat.dueMs = seat.tick(seat.dueMs, nowMs);
      if (seat.dueMs < nextMs) nextMs = seat.dueMs;
    }
    if (this.#seats.size > 0) this.#wakeAt(nextMs, this.#clock.nowMs());
  };
}
