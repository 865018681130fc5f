import { fuzzSeed } from '../test/support/fuzz/fuzz-watch.ts';
import { fuzzSip } from '../test/support/fuzz/sip-fuzz.ts';
import { machine } from './figures.ts';
import { collectedHeapMb } from './heap.ts';

/** `node bench/fuzz-sip.ts [messages]`: mutated SIP messages through everything that a stranger's bytes reach. FUZZ_SEED repeats a run. */
const count = Number(process.argv[2] ?? 1_000_000);
const seed = fuzzSeed();
console.log(machine());
console.log(`${count} messages, FUZZ_SEED=${seed}`);
// What is loaded and remembered for good is there after the first tenth.
fuzzSip(Math.floor(count / 10), seed + 1);
const beforeMb = collectedHeapMb();
const startMs = performance.now();
const { accepted, thrown, slowestMs, slowestInput, left } = fuzzSip(count, seed);
const seconds = (performance.now() - startMs) / 1_000;
console.log(`${accepted} taken by the parser, ${thrown.length} threw, ${((1e6 * seconds) / count).toFixed(0)} us each`);
for (const { error, input } of thrown) console.log(error, JSON.stringify(input.slice(0, 400)));
console.log(
  `slowest: ${slowestMs.toFixed(2)} ms${slowestMs > 10 ? ` ${JSON.stringify(slowestInput.slice(0, 400))}` : ''}`,
);
console.log(
  `heap grew by ${(collectedHeapMb() - beforeMb).toFixed(1)} MB; left (dialogs, transactions, requests, timers): ${left}`,
);
process.exitCode = thrown.length === 0 && left.every((each) => each === 0) ? 0 : 1;
