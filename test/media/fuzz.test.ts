import { test } from 'tap';
import { fuzzSeed } from '../support/fuzz/fuzz-watch.ts';
import { fuzzRtp } from '../support/fuzz/rtp-fuzz.ts';

const PACKETS = 8_000;

test('mutated RTP, RTCP and SRTP throw nothing, and the sessions close (bench/fuzz-rtp.ts runs a million)', async (t) => {
  const seed = fuzzSeed();
  t.comment(`FUZZ_SEED=${seed}`);
  const { accepted, refused, thrown, left } = await fuzzRtp(PACKETS, seed);
  t.ok(accepted > PACKETS / 10 && refused > PACKETS / 10, 'some are taken, some refused');
  t.same(thrown, []);
  t.equal(left, 0, 'no timer is left');
});
