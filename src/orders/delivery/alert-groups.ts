import type { Clock, Timer } from '../../runtime/clock.ts';
import {
  describeError,
  type ErrorCode,
  type ErrorDetails,
  type ErrorRecord,
  SpeakerpostError,
} from '../../runtime/errors.ts';
import type { TicketRef } from './outbox.ts';

const FIRST_PAUSE_MS = 5 * 60_000;
const LAST_PAUSE_MS = 60 * 60_000;

interface Group {
  readonly code: ErrorCode;
  /** Orders since the last alert, and the newest of them. */
  waiting: number;
  newest: ErrorDetails;
  pauseMs: number;
  timer: Timer;
}

/**
 * Alerts about orders, so that an outage is not one alert a car: the first of a kind is raised at once, what follows together after
 * 5 minutes, then 10, 20, 40 and every 60. A kind that was quiet for such a pause is new again. Each order is red on the page all the while.
 */
export class AlertGroups {
  readonly #clock: Clock;
  readonly #raise: (error: ErrorRecord) => void;
  readonly #groups = new Map<string, Group>();

  constructor(clock: Clock, raise: (error: ErrorRecord) => void) {
    this.#clock = clock;
    this.#raise = raise;
  }

  /** `kind` tells causes of one code apart, such as the reasons of refusals. */
  add(code: ErrorCode, kind: string, order: TicketRef & { readonly callId: string }, details: ErrorDetails): void {
    const { ticketId, revision, callId } = order;
    const all = { ticketId, revision, callId, ...details };
    const key = `${code} ${kind}`;
    const group = this.#groups.get(key);
    if (group !== undefined) {
      group.waiting++;
      group.newest = all;
      return;
    }
    this.#raise(describeError(new SpeakerpostError(code, all)));
    this.#groups.set(key, {
      code,
      waiting: 0,
      newest: all,
      pauseMs: FIRST_PAUSE_MS,
      timer: this.#pause(key, FIRST_PAUSE_MS),
    });
  }

  /** The cause of a code is over: the next one is news. */
  over(code: ErrorCode): void {
    for (const [key, group] of this.#groups) {
      if (group.code !== code) continue;
      group.timer.cancel();
      this.#groups.delete(key);
    }
  }

  stop(): void {
    for (const { timer } of this.#groups.values()) timer.cancel();
    this.#groups.clear();
  }

  #pause(key: string, pauseMs: number): Timer {
    return this.#clock.after(pauseMs, () => this.#tell(key));
  }

  #tell(key: string): void {
    const group = this.#groups.get(key);
    if (group === undefined) return;
    if (group.waiting === 0) {
      this.#groups.delete(key);
      return;
    }
    const { code, waiting: count, newest } = group;
    this.#raise(describeError(new SpeakerpostError('ORDERS_LIKE_BEFORE', { reason: '', ...newest, count, code })));
    group.waiting = 0;
    group.pauseMs = Math.min(2 * group.pauseMs, LAST_PAUSE_MS);
    group.timer = this.#pause(key, group.pauseMs);
  }
}
