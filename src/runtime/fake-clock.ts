import type { Clock, Timer } from './clock.ts';

interface Pending {
  readonly dueMs: number;
  readonly task: () => void;
}

/** A clock that stands still until told to move; timers fire in order of their due time, then of their making. */
export class FakeClock implements Clock {
  #nowMs = 0;
  readonly #wallStartMs: number;
  /** The next one to fire comes last. */
  readonly #pending: Pending[] = [];

  constructor(wallStartMs = 1_764_000_000_000) {
    this.#wallStartMs = wallStartMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return this.#wallStartMs + this.#nowMs;
  }

  after(delayMs: number, task: () => void): Timer {
    const pending: Pending = { dueMs: this.#nowMs + Math.max(0, delayMs), task };
    this.#pending.splice(this.#placeOf(pending.dueMs), 0, pending);
    return {
      cancel: () => {
        const place = this.#pending.indexOf(pending);
        if (place >= 0) this.#pending.splice(place, 1);
      },
    };
  }

  /** Timers that are still to fire: a leak check for tests. */
  get pendingCount(): number {
    return this.#pending.length;
  }

  /** Moves time forward by `ms`, firing every timer that falls due, also those that firing creates. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (let next = this.#pending.at(-1); next !== undefined && next.dueMs <= endMs; next = this.#pending.at(-1)) {
      this.#pending.pop();
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.task();
    }
    this.#nowMs = endMs;
  }

  /** Before all that are due at this time or earlier: of equals, the one made first fires first. */
  #placeOf(dueMs: number): number {
    let low = 0;
    let high = this.#pending.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#pending[middle]?.dueMs ?? 0) > dueMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
