/**
 * What the engine process adds to the model: start to ready, opening a lane, and a frame's round trip over the frame port with callers that
 * send at their own 80 ms.
 *
 *     node bench/engine-serving.ts [MODEL_DIRECTORY] [LANES] [SECONDS]
 */
import { join, resolve } from 'node:path';
import type { LaneHandle } from '../src/engine/contract.ts';
import { connectEngine } from '../src/engine/serving/client.ts';
import { startEngineProcess } from '../src/engine/serving/supervisor.ts';
import { systemClock } from '../src/runtime/clock.ts';
import { silentLog } from '../src/runtime/log.ts';
import { machine, quantile } from './figures.ts';

const [directory = join(import.meta.dirname, '../models/nano'), lanesText = '2', secondsText = '20'] =
  process.argv.slice(2);
const lanes = Number(lanesText);
const frames = Math.round(Number(secondsText) * 12.5);
const frameMs = 80;

const startedAt = performance.now();
const supervisor = startEngineProcess(
  {
    modelDirectory: resolve(directory),
    lanes,
    device: 'cpu',
    threads: 1,
    personas: [{ id: 'bench', text: null, voice: null }],
  },
  { clock: systemClock, log: silentLog },
);
const description = await supervisor.ready;
console.log(`${machine()}; ${description.model}, ${description.parameters} parameters, ${lanes} lanes`);
console.log(`start to ready: ${(performance.now() - startedAt).toFixed(0)} ms`);

const engine = await connectEngine(supervisor.socketPath);
const openMs: number[] = [];
for (let round = 0; round < 50; round++) {
  const from = performance.now();
  const lane = await engine.openLane('bench', round);
  openMs.push(performance.now() - from);
  lane.close();
}
print('open a lane', openMs);

const roundTripMs: number[] = [];
const waitMs: number[] = [];
const runMs: number[] = [];
async function call(lane: LaneHandle): Promise<void> {
  const sentAt: number[] = [];
  const silence = new Float32Array(1920);
  await new Promise<void>((done) => {
    lane.onFrame((frame) => {
      roundTripMs.push(performance.now() - (sentAt[frame.frame] ?? 0));
      waitMs.push(frame.waitMs);
      runMs.push(frame.runMs);
      if (frame.frame === frames - 1) done();
    });
    const firstAt = performance.now() + Math.random() * frameMs;
    const send = () => {
      sentAt.push(performance.now());
      lane.push(silence);
      if (sentAt.length < frames) setTimeout(send, firstAt + sentAt.length * frameMs - performance.now());
    };
    setTimeout(send, firstAt - performance.now());
  });
}
const open: LaneHandle[] = [];
for (let lane = 0; lane < lanes; lane++) open.push(await engine.openLane('bench', lane));
await Promise.all(open.map(call));
print('frame round trip', roundTripMs);
print('  waiting for a run', waitMs);
print('  in the run', runMs);
print(
  '  socket, both ways',
  roundTripMs.map((ms, i) => ms - (waitMs[i] ?? 0) - (runMs[i] ?? 0)),
);
engine.close();
await supervisor.stop();

function print(what: string, values: number[]): void {
  const at = (share: number) => quantile(values, share).toFixed(2);
  console.log(`${what}: p50 ${at(0.5)}, p95 ${at(0.95)}, p99 ${at(0.99)}, max ${at(1)} ms (n = ${values.length})`);
}
