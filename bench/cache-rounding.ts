/**
 * What a cache of fewer bits would cost: `node bench/cache-rounding.ts [MODEL VECTORS]`. The recorded conversation is run in float32 on the
 * CPU with every token given, once as it is and once with the kept keys and values rounded after each frame; logits of both are compared.
 * int8 takes its scales from the conversation itself, the best that a calibration could find.
 */
import { fileURLToPath } from 'node:url';
import { openCheckpoint } from '../src/engine/checkpoint/checkpoint.ts';
import { promptOf } from '../src/engine/golden/golden.ts';
import { LogitComparison } from '../src/engine/golden/precision-report.ts';
import { GoldenVectors, rowOf } from '../src/engine/golden/vectors.ts';
import { turnsInside } from '../src/engine/layers/length-attention.ts';
import { LanguageModel } from '../src/engine/lm/language-model.ts';
import { runPrompt } from '../src/engine/lm/prompt.ts';
import { Mimi } from '../src/engine/mimi/mimi.ts';
import { cpuDevice } from '../src/engine/ort/cpu-device.ts';
import { OrtRuntime } from '../src/engine/ort/session.ts';
import { machine } from './figures.ts';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const [modelDirectory = here('../models/nano'), vectorsDirectory = here('../test/fixtures/nano-golden')] =
  process.argv.slice(2);

const checkpoint = openCheckpoint(modelDirectory);
const { lm: sizes, prompt: promptNumbers } = checkpoint.configuration;
const headDim = sizes.dim / sizes.heads;
const vectors = new GoldenVectors(vectorsDirectory);
const recorded = vectors.integers('prompted_tokens');
const userCodes = vectors.codes('mimi_codes');
const runtime = new OrtRuntime(cpuDevice);
const greedy = { temperature: 0, topK: 1 };
const open = () => new LanguageModel(runtime, checkpoint, { text: greedy, audio: greedy }, 1, { threads: 1 });
const [exact, rounded] = [open(), open()];
const mimi = new Mimi(runtime, checkpoint, 1, { threads: 1 });

/** One number of the cache, by state (keys and values of a layer in turn) and channel. */
type Rounding = (value: number, state: number, channel: number) => number;

/** Largest size of each state's channels. */
const largest = Array.from({ length: 2 * sizes.layers }, () => new Float64Array(sizes.dim));
const most = new Float64Array(largest.length);
const mostOf = (state: number): number => most[state] ?? 0;

console.log(`${machine()}; ${modelDirectory}: ${sizes.layers} layers, heads of ${headDim}, ${recorded.rows} steps`);
await run((value, state, channel) => {
  const channels = largest[state];
  if (channels !== undefined) channels[channel] = Math.max(channels[channel] ?? 0, Math.abs(value));
  return value;
});
for (const [state, channels] of largest.entries()) most[state] = Math.max(...channels);
const range = (part: number) => {
  const all = largest.flatMap((_, state) => (state % 2 === part ? [mostOf(state)] : []));
  return `${Math.min(...all).toFixed(1)} to ${Math.max(...all).toFixed(1)}`;
};
console.log(`largest key of a layer ${range(0)}, largest value ${range(1)}\n`);

const roundings: Readonly<Record<string, Rounding>> = {
  bfloat16: (value) => toMantissa(value, 8),
  'fp8 e4m3, unscaled': toE4m3,
  'int8, one scale for keys and values': (value, state) =>
    toInt8(value, Math.max(mostOf(state & ~1), mostOf(state | 1))),
  'int8, a scale each': (value, state) => toInt8(value, mostOf(state)),
  'int8, a scale a channel': (value, state, channel) => toInt8(value, largest[state]?.[channel] ?? 0),
};
for (const [name, rounding] of Object.entries(roundings)) {
  const { text, audio } = await run(rounding);
  console.log(`${name}: text ${text}; audio ${audio}`);
}
rounded.close();
exact.close();
mimi.close();
runtime.close();

async function run(round: Rounding): Promise<{ readonly text: LogitComparison; readonly audio: LogitComparison }> {
  const text = new LogitComparison(sizes.textCard);
  const audio = new LogitComparison(sizes.card);
  for (const model of [exact, rounded]) {
    model.reset(0, 0);
    const prompt = promptOf(vectors);
    if (prompt !== null) for await (const _ of runPrompt(model, mimi, 0, prompt, promptNumbers));
  }
  const before = recorded.rows - userCodes.length;
  for (const [i, codes] of userCodes.entries()) {
    roundCache(round);
    const next = rowOf(recorded, Math.min(before + i + 1, recorded.rows - 1));
    const [said = -1] = next;
    if (said < 0) continue;
    const agent = next.subarray(1, 1 + sizes.codebooks);
    const hasRun = await exact.givenStep(0, said, agent, codes);
    await rounded.givenStep(0, said, agent, codes);
    if (!hasRun) continue;
    text.add(rounded.textLogits(0), exact.textLogits(0));
    audio.add(rounded.audioLogits(0), exact.audioLogits(0));
  }
  return { text, audio };
}

/** All that the lane keeps; rounding twice is rounding once. */
function roundCache(round: Rounding): void {
  const snapshot = rounded.save(0);
  const bytes = snapshot.cache?.memory.bytes;
  if (snapshot.cache === null || bytes == null) return;
  const { rows } = snapshot.cache;
  const values = new Float32Array(bytes.buffer, bytes.byteOffset, 2 * sizes.layers * rows * sizes.dim);
  // A linear cache is [heads, rows, head dim], a ring [rows, dim].
  const isByHead = turnsInside(sizes);
  const stateSize = rows * sizes.dim;
  for (let i = 0; i < values.length; i++) {
    const within = i % stateSize;
    const channel = isByHead
      ? Math.floor(within / (rows * headDim)) * headDim + (within % headDim)
      : within % sizes.dim;
    values[i] = round(values[i] ?? 0, Math.floor(i / stateSize), channel);
  }
  rounded.restore(0, snapshot, 0);
}

/** The nearest number of so many significant bits. */
function toMantissa(value: number, bits: number): number {
  if (value === 0) return 0;
  const step = 2 ** (Math.floor(Math.log2(Math.abs(value))) - bits + 1);
  return Math.round(value / step) * step;
}

/** 4 significant bits, at most 448, steps of 2^-9 below 2^-6. */
function toE4m3(value: number): number {
  const near = Math.abs(value) < 2 ** -6 ? Math.round(value * 512) / 512 : toMantissa(value, 4);
  return Math.min(448, Math.max(-448, near));
}

function toInt8(value: number, most: number): number {
  return most === 0 ? 0 : (Math.round((value / most) * 127) / 127) * most;
}
