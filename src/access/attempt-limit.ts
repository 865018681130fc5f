import type { Clock } from '../runtime/clock.ts';

const WINDOW_MS = 60_000;
const PER_ADDRESS = 5;
/** Over all addresses: a try costs 32 MiB and a pool thread. */
const IN_TOTAL = 30;

interface Attempt {
  readonly address: string;
  readonly atMs: number;
}

/**
 * Counts sign-in attempts over the last minute. An attempt counts from its start, so that a burst cannot slip through while
 * the first hash is computed; one that succeeds is taken back.
 */
export class AttemptLimit {
  readonly #clock: Clock;
  #attempts: Attempt[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Null when the address has to wait. */
  begin(address: string): { succeed(): void } | null {
    const nowMs = this.#clock.nowMs();
    this.#attempts = this.#attempts.filter((attempt) => nowMs - attempt.atMs < WINDOW_MS);
    const own = this.#attempts.filter((attempt) => attempt.address === address).length;
    if (own >= PER_ADDRESS || this.#attempts.length >= IN_TOTAL) return null;
    const attempt = { address, atMs: nowMs };
    this.#attempts.push(attempt);
    return {
      succeed: () => {
        this.#attempts = this.#attempts.filter((each) => each.address !== address);
      },
    };
  }
}

export const RETRY_AFTER_SECONDS = WINDOW_MS / 1000;
