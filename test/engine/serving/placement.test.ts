import t from 'tap';
import { placementOrder } from '../../../src/engine/serving/placement.ts';
import { RecentLatency } from '../../../src/engine/serving/recent-latency.ts';

const load = (lanes: number, openLanes: number, p99Ms: number | null = null) => ({ lanes, openLanes, p99Ms });

t.test('a lane is asked for where most are free, then where frames are quicker', async (t) => {
  t.same(placementOrder([load(4, 3), load(4, 1), load(2, 0)]), [1, 2, 0]);
  t.same(placementOrder([load(4, 1, 30), load(4, 1, 20), load(4, 1)]), [2, 1, 0]);
});

t.test('an engine that is late comes after those in time, then those that are full or away', async (t) => {
  t.same(placementOrder([null, load(96, 10, 95), load(96, 95, 40), load(96, 96, 40)]), [2, 1, 3, 0]);
});

t.test('latency is the p99 of the last ten seconds, and unknown without any', async (t) => {
  const latency = new RecentLatency();
  t.equal(latency.p99Ms(0), null);
  for (let frame = 0; frame < 100; frame++) latency.measured(500, frame * 80);
  for (let frame = 1; frame <= 100; frame++) latency.measured(frame / 2, 20_000 + frame);
  t.equal(latency.p99Ms(20_100), 49.5, 'the slow ones are too old to count');
  t.equal(latency.p99Ms(30_100), null);
});
