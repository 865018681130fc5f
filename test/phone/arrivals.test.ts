import t from 'tap';
import { Arrivals } from '../../src/phone/arrivals.ts';

t.test('the largest gap is found, and gaps over 40 ms are counted', async (t) => {
  const arrivals = new Arrivals();
  t.equal(arrivals.firstMs, null);
  for (const atMs of [100, 120, 161, 180, 220, 300]) arrivals.add(atMs);
  t.equal(arrivals.count, 6);
  t.equal(arrivals.firstMs, 100);
  t.equal(arrivals.largestGapMs, 80);
  t.equal(arrivals.audibleGaps, 2);
});
