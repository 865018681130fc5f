import type { Log } from '../../runtime/log.ts';
import type { Counters } from '../counters.ts';
import type { AllowList } from './allow-list.ts';

/** So many strangers are named in the log, once each: a new intercom is noticed, a scan does not fill the disk. */
const STRANGERS_LOGGED = 100;

/** Lets requests in by their source address; every transport of a server asks the same gate. */
export class SourceGate {
  readonly #allow: AllowList;
  readonly #counters: Counters;
  readonly #log: Log;
  readonly #strangers = new Set<string>();

  constructor(allow: AllowList, counters: Counters, log: Log) {
    this.#allow = allow;
    this.#counters = counters;
    this.#log = log;
  }

  /** False: to be dropped without an answer; it is counted and, the first time, logged. */
  admits(address: string): boolean {
    if (this.#allow.has(address)) return true;
    this.#counters.increment('dropped_source');
    if (!this.#strangers.has(address) && this.#strangers.size < STRANGERS_LOGGED) {
      this.#strangers.add(address);
      this.#log.info({ source: address }, 'SIP request dropped: no trunk allows its source');
    }
    return false;
  }
}
