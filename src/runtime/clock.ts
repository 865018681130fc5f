/** Time, handed in wherever it matters, so that a test can turn an hour in a millisecond. */
export interface Clock {
  /** Monotonic milliseconds with fractions; its origin means nothing. */
  nowMs(): number;
  /** Milliseconds since the Unix epoch: for records and signatures, never for intervals. */
  wallMs(): number;
  /** Calls `task` once after `delayMs`; the returned timer can be cancelled. */
  after(delayMs: number, task: () => void): Timer;
}

export interface Timer {
  cancel(): void;
}

export const systemClock: Clock = {
  nowMs: () => performance.now(),
  wallMs: () => Date.now(),
  after(delayMs, task) {
    const handle = setTimeout(task, delayMs);
    return { cancel: () => clearTimeout(handle) };
  },
};
