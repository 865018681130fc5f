import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { Counters } from '../counters.ts';
import type { AllowList } from './allow-list.ts';

/** So many strangers are named in the log, once each: a new intercom is noticed, a scan does not fill the disk. */
const STRANGERS_LOGGED = 100;
/** Far over what any store's devices send (a call is three requests), and under what keeps a core busy. */
const REQUESTS_PER_SECOND = 2_000;
const BURST = 4_000;
const SOURCES = 10_000;

/** Lets requests in by their source address; every transport of a server asks the same gate. */
export class SourceGate {
  readonly #allow: AllowList;
  readonly #counters: Counters;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #strangers = new Set<string>();
  readonly #budgets = new Map<string, { requests: number; atMs: number }>();

  constructor(allow: AllowList, counters: Counters, log: Log, clock: Clock) {
    this.#clock = clock;
    this.#allow = allow;
    this.#counters = counters;
    this.#log = log;
  }

  /** False: to be dropped without an answer; it is counted and, the first time, logged. */
  admits(address: string): boolean {
    if (this.#allow.has(address)) return this.#spend(address);
    this.#counters.increment('dropped_source');
    if (!this.#strangers.has(address) && this.#strangers.size < STRANGERS_LOGGED) {
      this.#strangers.add(address);
      this.#log.info({ source: address }, 'SIP request dropped: no trunk allows its source');
    }
    return false;
  }

  /** A token bucket a source: one that floods harms nobody but itself. */
  #spend(address: string): boolean {
    const nowMs = this.#clock.nowMs();
    const known = this.#budgets.get(address);
    const budget = known ?? { requests: BURST, atMs: nowMs };
    if (known === undefined) {
      const [oldest] = this.#budgets.keys();
      if (this.#budgets.size >= SOURCES && oldest !== undefined) this.#budgets.delete(oldest);
      this.#budgets.set(address, budget);
    }
    budget.requests = Math.min(BURST, budget.requests + ((nowMs - budget.atMs) / 1_000) * REQUESTS_PER_SECOND);
    budget.atMs = nowMs;
    if (budget.requests < 1) {
      this.#counters.increment('dropped_rate');
      return false;
    }
    budget.requests--;
    return true;
  }
}
