/**
 * A thousand calls opened and closed at random on the lanes of an engine process: no lane may be lost, and its memory must not grow.
 *
 *     node bench/engine-soak.ts [MODEL_DIRECTORY] [LANES] [CALLS]
 */
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { LaneHandle } from '../src/engine/contract.ts';
import { connectEngine } from '../src/engine/serving/client.ts';
import { startEngineProcess } from '../src/engine/serving/supervisor.ts';
import { systemClock } from '../src/runtime/clock.ts';
import { silentLog } from '../src/runtime/log.ts';
import { machine } from './figures.ts';

const [directory = join(import.meta.dirname, '../models/nano'), lanesText = '4', callsText = '1000'] =
  process.argv.slice(2);
const lanes = Number(lanesText);
const calls = Number(callsText);
const personas = ['a', 'b', 'c'].map((id) => ({ id, text: null, voice: null }));

// Garbage of its own is not what this looks for: without a limit V8 keeps some 20 MB of it in a thousand calls.
process.env['NODE_OPTIONS'] = '--max-old-space-size=64 --max-semi-space-size=1';
const supervisor = startEngineProcess(
  // Two images for three personas: the third is prepared again and again.
  {
    modelDirectory: resolve(directory),
    lanes,
    device: 'cpu',
    threads: 1,
    personas,
    personaImages: { count: 2, bytes: 2e9 },
    frameBudgetMs: null,
  },
  { clock: systemClock, log: silentLog },
);
supervisor.onState((state) => {
  if (state.kind !== 'failed') return;
  console.log('engine failed:', state.error);
  process.exit(1);
});
const { model } = await supervisor.ready;
const engine = await connectEngine(supervisor.socketPath);
console.log(`${machine()}; ${model}, ${lanes} lanes, ${calls} calls`);

let frames = 0;
let refused = 0;
const open: LaneHandle[] = [];
const hang = (lane: LaneHandle) => open.splice(open.indexOf(lane), 1)[0]?.close();
const startedMs = performance.now();
for (let call = 1; call <= calls; call++) {
  if (open.length === lanes) hang(pick(open));
  const lane = await engine.openLane(pick(personas).id, call);
  lane.onFailed(({ code }) => code !== 'ENGINE_LOST' && console.log(`call ${call} failed: ${code}`));
  open.push(lane);
  // As many as are too many are refused, and hurt nobody.
  if (open.length === lanes)
    await engine.openLane('a', 0).then(
      () => Promise.reject(new Error('a lane too many')),
      () => refused++,
    );
  const answered = Promise.withResolvers<void>();
  const wanted = 1 + Math.floor(Math.random() * 12);
  let got = 0;
  lane.onFrame(() => {
    frames++;
    if (++got === wanted) answered.resolve();
    else lane.push(noise());
  });
  lane.push(noise());
  // Half of the calls end in the middle of a frame.
  if (Math.random() < 0.5) await answered.promise;
  if (Math.random() < 0.3) hang(pick(open));
  if (call % Math.ceil(calls / 10) === 0)
    console.log(`${call} calls, ${frames} frames, ${refused} refused: ${residentMb()} MB`);
}
for (const lane of [...open]) hang(lane);
const again = await Promise.all(Array.from({ length: lanes }, () => engine.openLane('a', 0)));
console.log(
  `every lane is free again: ${again
    .map(({ index }) => index)
    .sort((a, b) => a - b)
    .join(', ')}; ${((performance.now() - startedMs) / 1000).toFixed(0)} s`,
);
engine.close();
await supervisor.stop();

function pick<Item>(items: readonly Item[]): Item {
  const item = items[Math.floor(Math.random() * items.length)];
  if (item === undefined) throw new Error('nothing to pick from');
  return item;
}

function noise(): Float32Array {
  return Float32Array.from({ length: 1920 }, () => 0.1 * (Math.random() - 0.5));
}

function residentMb(): number {
  const status = readFileSync(`/proc/${supervisor.pid}/status`, 'utf8');
  return Math.round(Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1024);
}
