import { AddressRanges } from '../../runtime/address-ranges.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { SourceRate } from '../contract.ts';
import type { Counters } from '../counters.ts';
import type { SipRequest } from '../message/message.ts';
import type { AllowList } from './allow-list.ts';
import { isScanner } from './scanners.ts';

/** So many strangers are named in the log, once each: a new intercom is noticed, a scan does not fill the disk. */
const STRANGERS_LOGGED = 100;
/** Far over what any store's devices send (a call is three requests), and under what keeps a core busy. */
const REQUESTS_PER_SECOND = 2_000;
/** So many seconds' worth may come at once. */
const BURST_SECONDS = 2;
const SOURCES = 10_000;

/** Lets requests in by their source address; every transport of a server asks the same gate. */
export class SourceGate {
  readonly #allow: AllowList;
  readonly #counters: Counters;
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #rates: readonly { readonly sources: AddressRanges; readonly requestsPerSecond: number }[];
  readonly #strangers = new Set<string>();
  readonly #flooding = new Set<string>();
  readonly #budgets = new Map<string, { readonly requestsPerSecond: number; requests: number; atMs: number }>();

  constructor(allow: AllowList, counters: Counters, log: Log, clock: Clock, rates: readonly SourceRate[] = []) {
    this.#clock = clock;
    this.#rates = rates.map((rate) => ({ sources: new AddressRanges(rate.allow), ...rate }));
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

  /**
   * False: to be dropped without an answer. The message alone and not its source, which over UDP anybody can forge to shut an
   * intercom out.
   */
  welcomes(request: SipRequest): boolean {
    if (!isScanner(request)) return true;
    this.#counters.increment('dropped_scanner');
    return false;
  }

  /** A token bucket a source: one that floods harms nobody but itself. */
  #spend(address: string): boolean {
    const nowMs = this.#clock.nowMs();
    const known = this.#budgets.get(address);
    const budget = known ?? this.#open(address, nowMs);
    const { requestsPerSecond } = budget;
    const earned = ((nowMs - budget.atMs) / 1_000) * requestsPerSecond;
    budget.requests = Math.min(BURST_SECONDS * requestsPerSecond, budget.requests + earned);
    budget.atMs = nowMs;
    if (budget.requests < 1) {
      this.#counters.increment('dropped_rate');
      if (!this.#flooding.has(address) && this.#flooding.size < STRANGERS_LOGGED) {
        this.#flooding.add(address);
        this.#log.warn({ source: address, requestsPerSecond }, 'SIP requests dropped: the source sends too many');
      }
      return false;
    }
    budget.requests--;
    return true;
  }

  #open(address: string, atMs: number) {
    const rate = this.#rates.find(({ sources }) => sources.has(address));
    const requestsPerSecond = rate?.requestsPerSecond ?? REQUESTS_PER_SECOND;
    const budget = { requestsPerSecond, requests: BURST_SECONDS * requestsPerSecond, atMs };
    const [oldest] = this.#budgets.keys();
    if (this.#budgets.size >= SOURCES && oldest !== undefined) this.#budgets.delete(oldest);
    this.#budgets.set(address, budget);
    return budget;
  }
}
