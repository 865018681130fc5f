/**
 * What the buffers of a call add to its delay, in simulated time: input = release of a frame after its last packet would have come without
 * jitter, output = sound that waits when its frame comes back. Without resampling, codec and the model's own time.
 *
 *     node bench/added-delay.ts [minutes = 10]
 */
import { simulateCall } from '../test/media/jitter/call-simulation.ts';

const PACKETS_PER_MINUTE = 3_000;
const SCENARIOS = [
  { name: 'no jitter', network: {} },
  { name: 'no jitter, +200 ppm', network: { driftPpm: 200 } },
  { name: 'no jitter, -200 ppm', network: { driftPpm: -200 } },
  { name: '20 ms', network: { jitterMs: 20 } },
  { name: '20 ms, 2 % lost', network: { jitterMs: 20, loss: 0.02 } },
  { name: '20 ms, 10 % lost in bursts of 3', network: { jitterMs: 20, loss: 0.1, burst: 3 } },
  { name: '40 ms', network: { jitterMs: 40 } },
  { name: '60 ms', network: { jitterMs: 60 } },
  { name: '5 ms, a stall of 100 ms each 10 s', network: { jitterMs: 5, stallMs: 100 } },
];

const packets = Number(process.argv[2] ?? 10) * PACKETS_PER_MINUTE;
const percent = (part: number, of: number) => ((100 * part) / of).toFixed(3);
console.log(
  '| jitter (99 %) | input mean / p99, ms | output mean, ms | both, ms | late, % | underruns, % of packets |',
);
console.log('| --- | --- | --- | --- | --- | --- |');
for (const { name, network } of SCENARIOS) {
  const call = simulateCall({ packets, seed: 11, startMs: 137, ...network }, { meanMs: 55, spreadMs: 3 });
  const { mean, p99 } = call.addedInputMs;
  const output = call.addedOutputMs.mean;
  const late = percent(call.late, call.packets);
  const underruns = percent(call.underruns, call.slots);
  console.log(
    `| ${name} | ${mean.toFixed(1)} / ${p99.toFixed(1)} | ${output.toFixed(1)} | ${(mean + output).toFixed(1)} | ${late} | ${underruns} |`,
  );
}
