import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type Checkpoint, openCheckpoint } from './checkpoint.ts';
import type { SafetensorsFile } from './safetensors.ts';
import { lmTensors, mimiTensors, type PlannedTensor } from './tensor-plan.ts';

/** Codebooks of the published codec: one semantic, 31 acoustic. */
const publishedCodebooks = 32;

export interface WeightFile {
  /** File names in the folder: one, or an index and its parts. */
  readonly names: readonly string[];
  readonly bytes: number;
  readonly parameters: number;
  /** Number of tensors by stored type. */
  readonly types: Readonly<Record<string, number>>;
  readonly missing: readonly string[];
  readonly wrongShapes: readonly { readonly tensor: string; readonly found: string; readonly expected: string }[];
  /** Tensors that this architecture has no use for. */
  readonly unused: readonly string[];
}

/** What a checkpoint folder holds, and whether that is a whole model. */
export interface Inspection {
  readonly checkpoint: Checkpoint;
  readonly lm: WeightFile;
  readonly mimi: WeightFile;
  readonly tokenizer: { readonly name: string; readonly isPresent: boolean };
  readonly voices: readonly string[];
  /** Everything without which no call can be taken, in words. */
  readonly faults: readonly string[];
}

/**
 * Compares every tensor of a folder with what its configuration asks for.
 * @throws what `openCheckpoint` throws where there is no configuration to compare with
 */
export function inspectCheckpoint(directory: string): Inspection {
  const checkpoint = openCheckpoint(directory);
  const { lm: lmSizes, mimi: mimiSizes, prompt } = checkpoint.configuration;
  const lm = inspectFile(checkpoint.lm, [...lmTensors(lmSizes)], []);
  const needed = [...mimiTensors(mimiSizes, mimiSizes.codebooks)];
  const mimi = inspectFile(checkpoint.mimi, needed, [...mimiTensors(mimiSizes, publishedCodebooks)]);
  const voicesFolder = join(directory, 'voices');
  const voices = existsSync(voicesFolder) ? readdirSync(voicesFolder).filter((name) => /\.(pt|wav)$/i.test(name)) : [];
  const tokenizer = { name: basename(checkpoint.tokenizerFile), isPresent: existsSync(checkpoint.tokenizerFile) };
  const faults = [
    ...[lm, mimi].flatMap(({ names, missing, wrongShapes }) => [
      ...missing.map((tensor) => `${names[0]} has no tensor ${tensor}`),
      ...wrongShapes.map((wrong) => `${names[0]}: ${wrong.tensor} is ${wrong.found}, expected ${wrong.expected}`),
    ]),
    ...(tokenizer.isPresent ? [] : [`the tokenizer ${tokenizer.name} is missing`]),
    ...(voices.length > 0 || prompt.voiceCodes !== null
      ? []
      : ['no voice: neither voices/*.pt or *.wav nor voice_prompt_codes in config.json']),
  ];
  return { checkpoint, lm, mimi, tokenizer, voices: voices.toSorted(), faults };
}

function inspectFile(
  file: SafetensorsFile,
  needed: readonly PlannedTensor[],
  known: readonly PlannedTensor[],
): WeightFile {
  const plan = new Map([...known, ...needed].map((tensor) => [tensor.name, tensor]));
  const read = needed.filter(({ kind }) => kind !== 'flag');
  const types: Record<string, number> = {};
  for (const name of file.names) types[file.dtype(name)] = (types[file.dtype(name)] ?? 0) + 1;
  const written = (shape: readonly number[]): string => `[${shape.join(', ')}]`;
  return {
    names: [...new Set([file.file, ...file.parts])].map((path) => basename(path)),
    bytes: file.parts.reduce((total, part) => total + statSync(part).size, 0),
    parameters: file.parameters,
    types,
    missing: read.filter(({ name }) => !file.has(name)).map(({ name }) => name),
    wrongShapes: read
      .filter(({ name, shape }) => file.has(name) && written(file.shape(name)) !== written(shape))
      .map(({ name, shape }) => ({ tensor: name, found: written(file.shape(name)), expected: written(shape) })),
    unused: file.names.filter((name) => !plan.has(name)),
  };
}
