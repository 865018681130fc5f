import t from 'tap';
import { searchLanes } from '../../src/cli/lane-search.ts';

/** A machine that is in time with up to `limit` lanes. */
async function search(limit: number, most: number) {
  const asked: number[] = [];
  const found = await searchLanes(most, async (lanes) => {
    asked.push(lanes);
    return lanes <= limit;
  });
  return { found, asked };
}

t.test('the largest number of lanes in time is found exactly up to 16, and to within a sixteenth beyond', async (t) => {
  for (let limit = 0; limit <= 16; limit++) t.equal((await search(limit, 64)).found, limit);
  for (const limit of [17, 100, 150, 191]) {
    const { found } = await search(limit, 192);
    t.ok(found <= limit && found >= limit * (15 / 16), `${found} of ${limit}`);
  }
});

t.test('it ends where there is no more room, and asks no number twice', async (t) => {
  t.same(await search(1_000, 100), { found: 100, asked: [1, 2, 4, 8, 16, 32, 64, 100] });
  t.same((await search(5, 5)).found, 5);
  for (let limit = 0; limit < 70; limit++) {
    const { asked } = await search(limit, 64);
    t.equal(new Set(asked).size, asked.length);
    t.ok(asked.length <= 13, `${asked.length} measurements for ${limit}`);
  }
});
