import { test } from 'tap';
import { fuzzSeed } from '../../support/fuzz/fuzz-watch.ts';
import { fuzzSip } from '../../support/fuzz/sip-fuzz.ts';

const MESSAGES = 10_000;

test('mutated messages in and between calls throw nothing and leave nothing behind (bench/fuzz-sip.ts runs a million)', async (t) => {
  const seed = fuzzSeed();
  t.comment(`FUZZ_SEED=${seed}`);
  const { inputs, accepted, thrown, left } = fuzzSip(MESSAGES, seed);
  t.ok(inputs > MESSAGES && accepted > MESSAGES / 10, 'many get past the parser');
  t.same(thrown, []);
  t.same(left, [0, 0, 0, 0, 0], 'no dialog, transaction, open request or timer');
});
