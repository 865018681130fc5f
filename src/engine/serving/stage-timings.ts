/** Upper bounds of the buckets in ms, around the 80 ms frame; one more bucket holds what is above the last. */
export const timingBoundsMs = [1, 2, 5, 10, 15, 20, 30, 40, 60, 80, 120, 200, 500, 1000] as const;

/** Counts a bucket, not cumulated, with what a Prometheus histogram needs besides. */
export interface TimingHistogram {
  readonly buckets: readonly number[];
  readonly count: number;
  readonly sumMs: number;
}

/** Where a frame's time went since the last report. */
export interface StageTimings {
  /** From a frame's arrival to the start of its run. */
  readonly wait: TimingHistogram;
  /** A run, counted once however many lanes were in it. */
  readonly run: TimingHistogram;
  /** Making a lane a copy of its persona. */
  readonly open: TimingHistogram;
  /** Frames answered. */
  readonly frames: number;
}

/** Collects timings; `take` returns what came since the last take. */
export class StageClock {
  #wait = new Recorder();
  #run = new Recorder();
  #open = new Recorder();
  #frames = 0;

  waited(ms: number): void {
    this.#wait.record(ms);
    this.#frames++;
  }

  ran(ms: number): void {
    this.#run.record(ms);
  }

  opened(ms: number): void {
    this.#open.record(ms);
  }

  take(): StageTimings {
    const taken = {
      wait: this.#wait.histogram(),
      run: this.#run.histogram(),
      open: this.#open.histogram(),
      frames: this.#frames,
    };
    this.#wait = new Recorder();
    this.#run = new Recorder();
    this.#open = new Recorder();
    this.#frames = 0;
    return taken;
  }
}

class Recorder {
  readonly #buckets = new Array<number>(timingBoundsMs.length + 1).fill(0);
  #count = 0;
  #sumMs = 0;

  record(ms: number): void {
    const found = timingBoundsMs.findIndex((bound) => ms <= bound);
    const bucket = found < 0 ? timingBoundsMs.length : found;
    this.#buckets[bucket] = (this.#buckets[bucket] ?? 0) + 1;
    this.#count++;
    this.#sumMs += ms;
  }

  histogram(): TimingHistogram {
    return { buckets: this.#buckets, count: this.#count, sumMs: this.#sumMs };
  }
}
