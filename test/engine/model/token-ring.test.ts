import { test } from 'tap';
import { notGiven, TokenRing } from '../../../src/engine/lm/token-ring.ts';

const initial = 99;

/** Section 4 said with time instead of a ring: row r of delay d shows at offset o what was given or sampled at o - d. */
function drive(delays: readonly number[], steps: number, given: (row: number, step: number) => number) {
  const ring = new TokenRing(
    delays,
    delays.map(() => initial),
  );
  const inputs: (readonly number[] | null)[] = [];
  const returned: (readonly number[] | null)[] = [];
  for (let step = 0; step < steps; step++) {
    const input = ring.begin(delays.map((_, row) => given(row, step)));
    inputs.push(input === null ? null : [...input.tokens]);
    if (input === null) {
      returned.push(null);
      continue;
    }
    const frame = ring.end(delays.map((_, row) => 1000 + 10 * step + row));
    returned.push(frame === null ? null : [...frame]);
  }
  return { inputs, returned };
}

const patterns = { published: [0, 0, 1, 1, 0, 1], longer: [0, 1, 3, 2, 0, 2], none: [0, 0, 0] };

for (const [name, delays] of Object.entries(patterns)) {
  const maxDelay = Math.max(...delays);

  test(`tokens given come out of every row in their own frame again (${name} delays)`, (t) => {
    const { inputs, returned } = drive(delays, 40, (row, step) => 10 * step + row);
    t.equal(inputs[0], null);
    for (let step = 1; step < 40; step++) {
      // The network reads column step - 1: in each row what was given delay frames before it, the initial token until then.
      const expected = delays.map((delay, row) => (step - 1 <= delay ? initial : 10 * (step - 1 - delay) + row));
      t.same(inputs[step], expected);
      const frame = returned[step];
      if (step <= maxDelay) t.equal(frame, null);
      else if (step - maxDelay > 0)
        t.same(
          frame,
          delays.map((_, row) => 10 * (step - maxDelay) + row),
        );
    }
    t.end();
  });

  test(`tokens not given are sampled, and those given stay (${name} delays)`, (t) => {
    const { returned } = drive(delays, 30, (row, step) => (row === 1 ? 7 * step : notGiven));
    for (let step = maxDelay + 2; step < 30; step++) {
      // A row of delay d is sampled d steps after the frame it belongs to.
      const expected = delays.map((delay, row) =>
        row === 1 ? 7 * (step - maxDelay) : 1000 + 10 * (step - maxDelay + delay) + row,
      );
      t.same(returned[step], expected);
    }
    t.end();
  });
}

test('a snapshot brings back cells, flags and offset', (t) => {
  const delays = [0, 1, 1];
  const ring = new TokenRing(delays, [1, 2, 3]);
  for (let step = 0; step < 5; step++) {
    ring.begin([step, step, step]);
    if (step > 0) ring.end([]);
  }
  const saved = ring.save();
  const next = (of: TokenRing): unknown => [of.begin([notGiven, 50, notGiven]), of.end([60, 61, 62]), of.offset];
  const first = next(ring);
  const other = new TokenRing(delays, [1, 2, 3]);
  other.restore(saved);
  t.same(next(other), first);
  t.end();
});
