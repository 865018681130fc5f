import { monitorEventLoopDelay } from 'node:perf_hooks';

export interface LoopLagSample {
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Reports this thread's event-loop lag every `everyMs`; returns a function that stops it. Each thread runs its own. */
export function watchLoopLag(report: (sample: LoopLagSample) => void, everyMs = 5_000): () => void {
  const resolutionMs = 10;
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs });
  histogram.enable();
  const lagMs = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - resolutionMs);
  const timer = setInterval(() => {
    report({ p99Ms: lagMs(histogram.percentile(99)), maxMs: lagMs(histogram.max) });
    histogram.reset();
  }, everyMs);
  timer.unref();
  return () => {
    clearInterval(timer);
    histogram.disable();
  };
}
