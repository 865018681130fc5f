/**
 * What one frame of a model costs on this machine's CPU, one thread: `node bench/engine-frame.ts [MODEL [VECTORS]]`.
 * First whole frames as a call has them (real sound, sampling on), then each graph by itself, then lanes at once.
 */
import { fileURLToPath } from 'node:url';
import { openCheckpoint } from '../src/engine/checkpoint/checkpoint.ts';
import { frameSamples } from '../src/engine/checkpoint/configuration.ts';
import { GoldenVectors } from '../src/engine/golden/vectors.ts';
import { LaneModule } from '../src/engine/lanes/lane-module.ts';
import { cacheLayout } from '../src/engine/lm/cache-layout.ts';
import { depthGraph } from '../src/engine/lm/depth.ts';
import { temporalGraph } from '../src/engine/lm/temporal.ts';
import { loadModel } from '../src/engine/load-model.ts';
import { decoderGraph, encoderGraph } from '../src/engine/mimi/codec.ts';
import type { PersonaImage, SpeechModel } from '../src/engine/model-contract.ts';
import { cpuDevice } from '../src/engine/ort/cpu-device.ts';
import { OrtRuntime } from '../src/engine/ort/session.ts';
import { machine, quantile } from './figures.ts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const [modelDirectory = here('../models/nano'), vectorsDirectory = here('../test/fixtures/nano-golden')] =
  process.argv.slice(2);
const frames = 400;
const mostLanes = 4;

const vectors = new GoldenVectors(vectorsDirectory);
const sound = vectors.floats('pcm_in').values;
const frameOf = (i: number): Float32Array => {
  const start = (i % Math.floor(sound.length / frameSamples)) * frameSamples;
  return sound.subarray(start, start + frameSamples);
};

console.log(`${machine()}; ${modelDirectory}`);
await benchLanes();
await benchGraphs();

async function benchLanes(): Promise<void> {
  const model = await loadModel(modelDirectory, { lanes: mostLanes, device: 'cpu', threads: 1 });
  const image = await model.preparePersona({
    textTokens: [...vectors.integers('text_prompt_tokens').values],
    voice: { kind: 'codes', frames: vectors.codes('voice_prompt_codes').map((codes) => [...codes]) },
  });
  console.log('\nms a step        p50     p95     p99     max     CPU time');
  for (const lanes of [1, 2, mostLanes]) {
    const before = process.cpuUsage();
    const times = await timeSteps(model, image, lanes);
    const { user, system } = process.cpuUsage(before);
    const cpuMs = (user + system) / 1000 / frames;
    console.log(
      `${lanes} lane${lanes === 1 ? ' ' : 's'}       ${distribution(times)}  ${cpuMs.toFixed(2).padStart(8)}`,
    );
  }
  const resets = await timeEach(50, async () => model.resetLane(0, image, 1));
  console.log(`lane reset    ${distribution(resets)}`);
  model.close();
}

function timeSteps(model: SpeechModel, image: PersonaImage, lanes: number): Promise<readonly number[]> {
  const all = Array.from({ length: lanes }, (_, lane) => lane);
  for (const lane of all) model.resetLane(lane, image, lane);
  return timeEach(frames, (i) => model.step(all.map((lane) => ({ lane, samples: frameOf(i + 7 * lane) }))));
}

async function benchGraphs(): Promise<void> {
  const { configuration, lm, mimi } = openCheckpoint(modelDirectory);
  const runtime = new OrtRuntime(cpuDevice);
  const graphs = [
    encoderGraph(configuration.mimi, mimi),
    temporalGraph(configuration.lm, lm, cacheLayout(configuration.lm.context, configuration.lm.context, 'ring', false)),
    depthGraph(configuration.lm, lm, configuration.sampling),
    decoderGraph(configuration.mimi, mimi),
  ];
  // A position with the whole ring in use.
  const late = BigInt64Array.of(BigInt(configuration.lm.context));
  const rows: { readonly name: string; readonly times: readonly number[] }[] = [];
  for (const graph of graphs) {
    const module = new LaneModule(runtime, graph, 1, { threads: 1 });
    for (const { name } of graph.inputs)
      if (name === 'position' || name === 'frame') module.tensor(name).write(0, late);
    await module.run([0]);
    rows.push({ name: graph.name, times: await timeEach(frames, () => module.run([0])) });
    module.close();
  }
  runtime.close();
  const total = rows.reduce((sum, { times }) => sum + quantile(times, 0.5), 0);
  console.log('\nms a run         p50     p95     p99     max   share');
  for (const { name, times } of rows) {
    const share = ((100 * quantile(times, 0.5)) / total).toFixed(0);
    console.log(`${name.padEnd(12)}  ${distribution(times)}   ${share.padStart(3)} %`);
  }
}

async function timeEach(count: number, run: (i: number) => Promise<unknown>): Promise<readonly number[]> {
  const times: number[] = [];
  for (let i = 0; i < count; i++) {
    const start = performance.now();
    await run(i);
    times.push(performance.now() - start);
  }
  return times;
}

function distribution(times: readonly number[]): string {
  return [0.5, 0.95, 0.99, 1].map((part) => quantile(times, part).toFixed(2).padStart(6)).join('  ');
}
