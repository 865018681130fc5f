import t from 'tap';
import { StageClock, timingBoundsMs } from '../../../src/engine/serving/stage-timings.ts';

t.test('quantiles, buckets and late frames by lane, since the last report', async (t) => {
  const clock = new StageClock();
  for (let frame = 1; frame <= 100; frame++) clock.answered(frame % 2, 0.5, frame);
  clock.ran(1000.5);
  clock.opened(2);
  const { wait, run, total, open, frames, missesByLane } = clock.take();
  t.equal(frames, 100);
  t.match(total, { count: 100, p50Ms: 50.5, p99Ms: 99.5, maxMs: 100.5, sumMs: 5_100 });
  t.match(wait, { p50Ms: 0.5, maxMs: 0.5, sumMs: 50 });
  t.same(missesByLane, { 0: 11, 1: 10 }, 'those of 80.5 ms and more');
  t.equal(total.buckets.length, timingBoundsMs.length + 1);
  t.equal(
    total.buckets.reduce((sum, count) => sum + count, 0),
    100,
  );
  t.equal(total.buckets[timingBoundsMs.indexOf(80)], 20, 'over 60, up to 80');
  t.equal(run.buckets.at(-1), 1, 'above the last bound');
  t.equal(open.buckets[timingBoundsMs.indexOf(2)], 1, 'a bound belongs to its bucket');
  const empty = clock.take();
  t.match(empty, { frames: 0, missesByLane: {}, total: { count: 0, p50Ms: 0, p99Ms: 0, maxMs: 0 } });
});
