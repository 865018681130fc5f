import type { Clock, Timer } from './clock.ts';

interface Pending {
  readonly dueMs: number;
  readonly order: number;
  readonly task: () => void;
}

/** A clock that stands still until told to move; timers fire in order of their due time, then of their making. */
export class FakeClock implements Clock {
  #nowMs = 0;
  #order = 0;
  readonly #wallStartMs: number;
  readonly #pending = new Set<Pending>();

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
    const pending: Pending = { dueMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, task };
    this.#pending.add(pending);
    return { cancel: () => this.#pending.delete(pending) };
  }

  /** Timers that are still to fire: a leak check for tests. */
  get pendingCount(): number {
    return this.#pending.size;
  }

  /** Moves time forward by `ms`, firing every timer that falls due, also those that firing creates. */
  advance(ms: number): void {
    const endMs = this.#nowMs + ms;
    for (let next = this.#nextDue(endMs); next !== undefined; next = this.#nextDue(endMs)) {
      this.#pending.delete(next);
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.task();
    }
    this.#nowMs = endMs;
  }

  #nextDue(endMs: number): Pending | undefined {
    let first: Pending | undefined;
    for (const candidate of this.#pending) {
      if (candidate.dueMs > endMs) continue;
      if (
        first === undefined ||
        candidate.dueMs < first.dueMs ||
        (candidate.dueMs === first.dueMs && candidate.order < first.order)
      ) {
        first = candidate;
      }
    }
    return first;
  }
}
