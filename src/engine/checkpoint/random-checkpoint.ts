import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { SpeakerpostError } from '../../runtime/errors.ts';
import { publishedNames } from './checkpoint.ts';
import type { ConfigFile } from './config-file.ts';
import type { LmConfiguration, MimiConfiguration } from './configuration.ts';
import { publishedConfig } from './published-config.ts';
import { type RandomNumbers, randomNumbers } from './random-numbers.ts';
import { lmTensors, mimiTensors, type PlannedTensor } from './tensor-plan.ts';
import { encodeTokenizer } from './tokenizer-writer.ts';

/** Frames of the made-up voice and tokens of the made-up role text: what a short persona has. */
const voiceFrames = 50;
const roleTokens = 64;
const chunkValues = 1 << 21;

export interface RandomCheckpointOptions {
  readonly directory: string;
  /** Dimensions; what it leaves out is as published. */
  readonly config: ConfigFile;
  readonly seed: number;
  /** Bytes of weights written so far, and in all. */
  readonly onProgress?: (writtenBytes: number, totalBytes: number) => void;
}

/**
 * Writes a checkpoint of random weights under the published names and types (LM bfloat16, Mimi float32), with a tokenizer and a
 * prompt of its own: for benchmarks, since how fast a model runs does not depend on what its weights are. Weights go to disk in
 * pieces of a few megabytes. The same seed and dimensions give the same bytes.
 * @throws MODEL_CONFIG_INVALID where the dimensions make no model
 */
export function writeRandomCheckpoint({ directory, config, seed, onProgress }: RandomCheckpointOptions): void {
  const published = publishedConfig.mimi;
  const lmConfig = over(publishedConfig.lm, config.lm);
  const mimiConfig = {
    num_codebooks: config.mimi.num_codebooks ?? published.num_codebooks,
    seanet: over(published.seanet, config.mimi.seanet),
    quantizer: over(published.quantizer, config.mimi.quantizer),
    transformer: over(published.transformer, config.mimi.transformer),
  };
  const lm = lmSizes(lmConfig, mimiConfig.num_codebooks, directory);
  const mimi = mimiSizes(mimiConfig);
  mkdirSync(directory, { recursive: true });
  const numbers = (name: string) => randomNumbers(seed, name);
  const files = [
    { file: publishedNames.lm, type: 'BF16', tensors: [...lmTensors(lm)] },
    { file: publishedNames.mimi, type: 'F32', tensors: [...mimiTensors(mimi, mimiConfig.quantizer.n_q)] },
  ] as const;
  const totalBytes = files.reduce((total, { type, tensors }) => total + bytesOf(tensors, type), 0);
  let writtenBytes = 0;
  for (const { file, type, tensors } of files) {
    writeFile(join(directory, file), type, tensors, numbers, (bytes) => {
      writtenBytes += bytes;
      onProgress?.(writtenBytes, totalBytes);
    });
  }
  writeFileSync(join(directory, publishedNames.tokenizer), encodeTokenizer(lm.textCard));
  const below = (name: string, limit: number, count: number) => numbers(name).integers(limit, count);
  const codes = (name: string) => [...below(name, lm.card, lm.codebooks)];
  const written = {
    lm: lmConfig,
    mimi: mimiConfig,
    silence_tokens: config.silence_tokens ?? codes('silence'),
    sine_tokens: config.sine_tokens ?? codes('sine'),
    voice_prompt_codes: Array.from({ length: voiceFrames }, (_, frame) => codes(`voice ${frame}`)),
    text_prompt_tokens: [...below('text', lm.textCard, roleTokens)],
    ...(config.text_padding_id === undefined ? {} : { text_padding_id: config.text_padding_id }),
    ...(config.silence_frames === undefined ? {} : { silence_frames: config.silence_frames }),
    text_lead_frames: config.text_lead_frames,
    sampling: config.sampling,
  };
  writeFileSync(join(directory, 'config.json'), `${JSON.stringify(written, null, 1)}\n`);
}

/** The published part with what is given in its place. */
function over<Part extends object>(
  published: Part,
  given: { readonly [Key in keyof Part]?: Part[Key] | undefined } = {},
): Part {
  const known = Object.entries(given).filter(([, value]) => value !== undefined);
  return { ...published, ...Object.fromEntries(known) };
}

function lmSizes(config: typeof publishedConfig.lm, codebooks: number, directory: string): LmConfiguration {
  const fail = (path: string, value: number, reason: string) =>
    new SpeakerpostError('MODEL_CONFIG_INVALID', { file: directory, path, value, reason });
  if (config.n_q !== 2 * codebooks) throw fail('lm.n_q', config.n_q, `two speakers of ${codebooks} codebooks`);
  if (config.dep_q < codebooks || config.dep_q > 2 * codebooks)
    throw fail('lm.dep_q', config.dep_q, `between ${codebooks} and ${2 * codebooks} depth steps`);
  return {
    dim: config.dim,
    heads: config.num_heads,
    layers: config.num_layers,
    hidden: gatedWidth(config.dim, Math.trunc(config.hidden_scale * config.dim)),
    context: config.context,
    maxPeriod: config.max_period,
    textCard: config.text_card,
    card: config.card,
    codebooks,
    delays: config.delays,
    depth: {
      dim: config.depformer_dim,
      heads: config.depformer_num_heads,
      layers: config.depformer_num_layers,
      hidden: gatedWidth(config.depformer_dim, config.depformer_dim_feedforward),
      storedSteps: config.dep_q,
      window: config.depformer_context,
    },
  };
}

/** Inner width of the published gating: 2/3 of the feed-forward width, and 21/8 of dim where that width is 4 dim. */
function gatedWidth(dim: number, width: number): number {
  return width === 4 * dim ? Math.floor((21 * dim) / 8) : Math.floor((2 * width) / 3);
}

function mimiSizes({ num_codebooks, seanet, quantizer, transformer }: typeof publishedConfig.mimi): MimiConfiguration {
  return {
    filters: seanet.n_filters,
    dim: seanet.dimension,
    ratios: seanet.ratios,
    kernel: seanet.kernel_size,
    lastKernel: seanet.last_kernel_size,
    residualKernel: seanet.residual_kernel_size,
    compress: seanet.compress,
    codebooks: num_codebooks,
    codebookDim: quantizer.dimension,
    card: quantizer.bins,
    transformer: {
      heads: transformer.num_heads,
      layers: transformer.num_layers,
      hidden: transformer.dim_feedforward,
      context: transformer.context,
      maxPeriod: transformer.max_period,
    },
  };
}

type StoredType = 'BF16' | 'F32';
const elementBytes = { BF16: 2, F32: 4 } as const;
const countOf = ({ shape }: PlannedTensor): number => shape.reduce((product, size) => product * size, 1);
const bytesOf = (tensors: readonly PlannedTensor[], type: StoredType): number =>
  tensors.reduce((total, tensor) => total + countOf(tensor), 0) * elementBytes[type];

/** Header first, then the tensors in order: the offsets are known before any number is made. */
function writeFile(
  file: string,
  type: StoredType,
  tensors: readonly PlannedTensor[],
  numbersOf: (name: string) => RandomNumbers,
  onWritten: (bytes: number) => void,
): void {
  const header: Record<string, unknown> = {};
  let end = 0;
  for (const tensor of tensors) {
    const start = end;
    end += countOf(tensor) * elementBytes[type];
    header[tensor.name] = { dtype: type, shape: tensor.shape, data_offsets: [start, end] };
  }
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(json.byteLength));
  const descriptor = openSync(file, 'w');
  try {
    writeFully(descriptor, Buffer.concat([length, json]));
    const floats = new Float32Array(Math.min(chunkValues, Math.max(...tensors.map(countOf))));
    for (const tensor of tensors) {
      const numbers = numbersOf(tensor.name);
      const count = countOf(tensor);
      for (let done = 0; done < count; done += floats.length) {
        const chunk = floats.subarray(0, Math.min(floats.length, count - done));
        fill(chunk, tensor, numbers);
        const bytes = type === 'F32' ? bytesIn(chunk) : bytesIn(toBfloat16(chunk));
        writeFully(descriptor, bytes);
        onWritten(bytes.byteLength);
      }
    }
  } finally {
    closeSync(descriptor);
  }
}

/** Sizes that keep every activation within a few units, as a trained model does. */
function fill(chunk: Float32Array, { kind, shape }: PlannedTensor, numbers: RandomNumbers): void {
  switch (kind) {
    case 'matrix': {
      const inputs = shape.slice(1).reduce((product, size) => product * size, 1);
      numbers.uniform(chunk, Math.sqrt(3 / inputs));
      return;
    }
    case 'bias':
      numbers.uniform(chunk, 0.01);
      return;
    case 'scale':
      chunk.fill(0.01);
      return;
    case 'norm':
    case 'usage':
    case 'flag':
      chunk.fill(1);
  }
}

/** The upper half of each float32: truncation is as good as rounding for numbers that mean nothing. */
function toBfloat16(values: Float32Array): Uint16Array {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < words.length; i++) halves[i] = (words[i] ?? 0) >>> 16;
  return halves;
}

const bytesIn = (values: ArrayBufferView): Buffer => Buffer.from(values.buffer, values.byteOffset, values.byteLength);

function writeFully(descriptor: number, bytes: Buffer): void {
  for (let done = 0; done < bytes.byteLength; ) done += writeSync(descriptor, bytes, done);
}
