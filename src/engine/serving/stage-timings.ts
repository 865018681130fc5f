/** Upper bounds of the buckets in ms, around the 80 ms frame; one more bucket holds what is above the last. */
export const timingBoundsMs = [1, 2, 5, 10, 15, 20, 30, 40, 60, 80, 120, 200, 500, 1000] as const;
/** A frame is late when the next one of its caller is there before it is answered. */
export const deadlineMs = 80;

/** Counts a bucket, not cumulated, with what a Prometheus histogram needs besides, and the quantiles themselves. */
export interface TimingHistogram {
  readonly buckets: readonly number[];
  readonly count: number;
  readonly sumMs: number;
  /** 0 where nothing was counted. */
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Where a frame's time went since the last report: ready -> started -> done. */
export interface StageTimings {
  /** From a frame's arrival to the start of its run. */
  readonly wait: TimingHistogram;
  /** A run, counted once however many lanes were in it. */
  readonly run: TimingHistogram;
  /** From a frame's arrival to its answer. */
  readonly total: TimingHistogram;
  /** Making a lane a copy of its persona. */
  readonly open: TimingHistogram;
  /** Frames answered. */
  readonly frames: number;
  /** Frames answered later than `deadlineMs` after they came, by lane; lanes without any are not listed. */
  readonly missesByLane: Readonly<Record<number, number>>;
}

/** Collects timings; `take` returns what came since the last take. */
export class StageClock {
  #wait = new Recorder();
  #run = new Recorder();
  #total = new Recorder();
  #open = new Recorder();
  #misses: Record<number, number> = {};

  /** A frame of the lane was answered. */
  answered(lane: number, waitMs: number, runMs: number): void {
    this.#wait.record(waitMs);
    this.#total.record(waitMs + runMs);
    if (waitMs + runMs > deadlineMs) this.#misses[lane] = (this.#misses[lane] ?? 0) + 1;
  }

  ran(ms: number): void {
    this.#run.record(ms);
  }

  opened(ms: number): void {
    this.#open.record(ms);
  }

  take(): StageTimings {
    const total = this.#total.histogram();
    const taken = {
      wait: this.#wait.histogram(),
      run: this.#run.histogram(),
      total,
      open: this.#open.histogram(),
      frames: total.count,
      missesByLane: this.#misses,
    };
    this.#wait = new Recorder();
    this.#run = new Recorder();
    this.#total = new Recorder();
    this.#open = new Recorder();
    this.#misses = {};
    return taken;
  }
}

/** All values of about a second: a few thousand at most. */
class Recorder {
  readonly #values: number[] = [];

  record(ms: number): void {
    this.#values.push(ms);
  }

  histogram(): TimingHistogram {
    const sorted = Float64Array.from(this.#values).sort();
    const buckets = new Array<number>(timingBoundsMs.length + 1).fill(0);
    let sumMs = 0;
    let bucket = 0;
    for (const ms of sorted) {
      while (bucket < timingBoundsMs.length && ms > (timingBoundsMs[bucket] ?? 0)) bucket++;
      buckets[bucket] = (buckets[bucket] ?? 0) + 1;
      sumMs += ms;
    }
    const at = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
    return { buckets, count: sorted.length, sumMs, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
  }
}
