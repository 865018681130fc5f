import { fuzzSeed } from '../test/support/fuzz/fuzz-watch.ts';
import { fuzzRtp } from '../test/support/fuzz/rtp-fuzz.ts';
import { machine } from './figures.ts';
import { collectedHeapMb } from './heap.ts';

/** `node bench/fuzz-rtp.ts [packets]`: mutated RTP, RTCP, SRTP and SRTCP packets into running sessions. FUZZ_SEED repeats a run. */
const count = Number(process.argv[2] ?? 1_000_000);
const seed = fuzzSeed();
console.log(machine());
console.log(`${count} packets, FUZZ_SEED=${seed}`);
// What is loaded and remembered for good is there after the first tenth.
await fuzzRtp(Math.floor(count / 10), seed + 1);
const beforeMb = collectedHeapMb();
const startMs = performance.now();
const { accepted, refused, thrown, slowestMs, slowestInput, left } = await fuzzRtp(count, seed);
const seconds = (performance.now() - startMs) / 1_000;
console.log(
  `${accepted} taken, ${refused} refused, ${thrown.length} threw, ${((1e6 * seconds) / count).toFixed(0)} us each`,
);
for (const { error, input } of thrown) console.log(error, Buffer.from(input, 'latin1').toString('hex'));
console.log(
  `slowest: ${slowestMs.toFixed(2)} ms${slowestMs > 10 ? ` ${Buffer.from(slowestInput, 'latin1').toString('hex')}` : ''}`,
);
console.log(`heap grew by ${(collectedHeapMb() - beforeMb).toFixed(1)} MB; timers left: ${left}`);
process.exitCode = thrown.length === 0 && left === 0 ? 0 : 1;
