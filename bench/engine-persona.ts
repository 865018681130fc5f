/**
 * What the start of a call costs: preparing a persona's image, making a lane a copy of it, and the way from the request for a lane to the first
 * frame out. The first preparation is printed apart: the ones after it are what a call meets whose persona was evicted.
 *
 *     node bench/engine-persona.ts [--model DIR] [--device D] [--type T] [--held N] [--positions N] [--lanes N] [--rounds N]
 *
 * `--positions`: of the prompt, half of them voice. `--held`: positions of a lane's cache; `--type`: as engine.type.
 */
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { openCheckpoint } from '../src/engine/checkpoint/checkpoint.ts';
import { loadModel } from '../src/engine/load-model.ts';
import type { PersonaImage, PersonaPrompt, SpeechModel, VoicePrompt } from '../src/engine/model-contract.ts';
import { parseDeviceName } from '../src/engine/ort/open-device.ts';
import { connectEngine } from '../src/engine/serving/client.ts';
import { startEngineProcess } from '../src/engine/serving/supervisor.ts';
import { systemClock } from '../src/runtime/clock.ts';
import { silentLog } from '../src/runtime/log.ts';
import { distribution, machine, modelNumbers } from './figures.ts';

const { values } = parseArgs({
  options: {
    model: { type: 'string', default: join(import.meta.dirname, '../models/nano') },
    device: { type: 'string', default: 'cpu' },
    type: { type: 'string' },
    held: { type: 'string' },
    positions: { type: 'string', default: '200' },
    lanes: { type: 'string', default: '4' },
    rounds: { type: 'string', default: '20' },
  },
});
const directory = resolve(values.model);
const device = parseDeviceName(values.device);
const lanes = Number(values.lanes);
const rounds = Number(values.rounds);
const numbers = modelNumbers({ type: values.type, positions: values.held });
const { lm, prompt } = openCheckpoint(directory).configuration;

console.log(machine());
await inTheModel();
await throughTheProcess();

async function inTheModel(): Promise<void> {
  const model = await loadModel(directory, { lanes, device, threads: 1, ...numbers });
  console.log(`${model.summary.device}, ${lanes} lanes`);
  for (const kind of ['codes', 'embeddings'] as const) {
    const given = promptOf(kind);
    const prepareMs: number[] = [];
    let image: PersonaImage | null = null;
    for (let round = 0; round < Math.max(3, rounds / 4); round++) {
      if (image !== null) model.releasePersona?.(image);
      const fromMs = performance.now();
      image = await model.preparePersona(given);
      prepareMs.push(performance.now() - fromMs);
    }
    const [first = 0, ...others] = prepareMs;
    console.log(
      `${kind}: ${image?.promptSteps} positions, ${((image?.byteLength ?? 0) / 1e6).toFixed(1)} MB; prepared in ${first.toFixed(1)} ms at first, then ${distribution(others)}`,
    );
    if (image !== null) await startLanes(model, image);
  }
  model.close();
}

/** A lane's reset alone, and with its first frame. */
async function startLanes(model: SpeechModel, image: PersonaImage): Promise<void> {
  const samples = new Float32Array(1920);
  const resetMs: number[] = [];
  const firstMs: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const lane = round % lanes;
    const fromMs = performance.now();
    model.resetLane(lane, image, round);
    resetMs.push(performance.now() - fromMs);
    await model.step([{ lane, samples }]);
    firstMs.push(performance.now() - fromMs);
  }
  console.log(`  lane made a copy: ${distribution(resetMs)}; with its first frame: ${distribution(firstMs)}`);
}

async function throughTheProcess(): Promise<void> {
  const personas = ['a', 'b', 'c'].map((id) => ({ id, text: null, voice: null }));
  const fromMs = performance.now();
  const supervisor = startEngineProcess(
    // Two images for three personas: one is always prepared again.
    {
      modelDirectory: directory,
      lanes,
      device,
      threads: 1,
      numbers,
      personas,
      personaImages: { count: 2, bytes: 4e9 },
      frameBudgetMs: null,
    },
    { clock: systemClock, log: silentLog },
  );
  await supervisor.ready;
  console.log(`engine process ready after ${(performance.now() - fromMs).toFixed(0)} ms`);
  const engine = await connectEngine(supervisor.socketPath);
  const start = async (persona: string, seed: number): Promise<number> => {
    const askedMs = performance.now();
    const lane = await engine.openLane(persona, seed);
    const answered = new Promise<void>((done) => lane.onFrame(() => done()));
    lane.push(new Float32Array(1920));
    await answered;
    const tookMs = performance.now() - askedMs;
    lane.close();
    return tookMs;
  };
  const kept: number[] = [];
  for (let round = 0; round < rounds; round++) kept.push(await start('a', round));
  const evicted: number[] = [];
  for (let round = 0; round < Math.max(3, rounds / 4); round++) {
    for (const { id } of personas) evicted.push(await start(id, round));
  }
  console.log(`lane request to first frame out: ${distribution(kept)}; the first of all ${kept[0]?.toFixed(1)} ms`);
  console.log(`the same with the image prepared again: ${distribution(evicted)}`);
  engine.close();
  await supervisor.stop();
}

function promptOf(kind: 'codes' | 'embeddings'): PersonaPrompt {
  const positions = Number(values.positions);
  const half = Math.floor(positions / 2);
  const textTokens = Array.from({ length: positions - half - 2 * prompt.silenceFrames }, (_, i) => i % lm.textCard);
  return { textTokens, voice: kind === 'codes' ? voiceOfCodes(half) : voiceOfEmbeddings(half) };
}

function voiceOfCodes(count: number): VoicePrompt {
  const frame = (i: number): number[] => Array.from({ length: lm.codebooks }, (_, row) => (31 * i + 7 * row) % lm.card);
  return { kind: 'codes', frames: Array.from({ length: count }, (_, i) => frame(i)) };
}

/** As in a published `.pt`, with any numbers. */
function voiceOfEmbeddings(count: number): VoicePrompt {
  const embeddings = Float32Array.from({ length: count * lm.dim }, (_, i) => 0.02 * Math.sin(i));
  const columns = Math.max(...lm.delays) + 3;
  const cache = lm.delays.map(() => new Array<number>(columns).fill(0));
  return { kind: 'embeddings', embeddings, count, cache };
}
