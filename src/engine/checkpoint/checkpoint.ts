import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { SpeakerpostError } from '../../runtime/errors.ts';
import { ringSlots } from '../layers/ring-attention.ts';
import { type ConfigFile, invalidConfig, readConfigFile } from './config-file.ts';
import type {
  DepthConfiguration,
  LmConfiguration,
  MimiConfiguration,
  ModelConfiguration,
  PromptConfiguration,
} from './configuration.ts';
import { frameSamples } from './configuration.ts';
import { SafetensorsFile } from './safetensors.ts';

/** The names under which the weights are published; config.json may give others under `files`. */
export const publishedNames = {
  lm: 'model.safetensors',
  mimi: 'tokenizer-e351c8d8-checkpoint125.safetensors',
  tokenizer: 'tokenizer_spm_32k_3.model',
} as const;

/** A checkpoint folder: its configuration and the tables of contents of its two weight files. */
export interface Checkpoint {
  readonly directory: string;
  readonly configuration: ModelConfiguration;
  readonly lm: SafetensorsFile;
  readonly mimi: SafetensorsFile;
  readonly tokenizerFile: string;
}

/**
 * Opens a folder. A dimension comes from config.json, else from the tensors' shapes, else it is the published one
 * (personaplex.md sections 1 to 5).
 * @throws MODEL_CONFIG_INVALID, MODEL_FILE_MISSING, MODEL_FILE_INVALID, MODEL_TENSOR_MISSING
 */
export function openCheckpoint(directory: string): Checkpoint {
  const configFile = join(directory, 'config.json');
  const config = readConfigFile(configFile);
  const { files } = config;
  const lm = new SafetensorsFile(
    files.lm === undefined
      ? firstThatExists(directory, [publishedNames.lm, `${publishedNames.lm}.index.json`, 'lm.safetensors'])
      : join(directory, files.lm),
  );
  const mimi = new SafetensorsFile(
    files.mimi === undefined
      ? firstThatExists(directory, [publishedNames.mimi, 'mimi.safetensors'])
      : join(directory, files.mimi),
  );
  // Tells a model of another architecture before any of its sizes is looked at.
  for (const [file, tensor] of [
    [lm, 'text_emb.weight'],
    [lm, 'emb.0.weight'],
    [mimi, 'encoder.model.0.conv.conv.weight'],
  ] as const)
    file.shape(tensor);
  const fail: Fail = (path, value, reason) => invalidConfig(configFile, path, value, reason);
  const mimiSizes = resolveMimi(config, mimi, fail);
  const lmSizes = resolveLm(config, lm, mimiSizes, fail);
  return {
    directory,
    lm,
    mimi,
    tokenizerFile: join(directory, files.tokenizer ?? publishedNames.tokenizer),
    configuration: {
      lm: lmSizes,
      mimi: mimiSizes,
      prompt: resolvePrompt(config, lmSizes, fail),
      sampling: {
        text: samplingRule(config.sampling.text, 0.7, 25, lmSizes.textCard),
        audio: samplingRule(config.sampling.audio, 0.8, 250, lmSizes.card),
      },
      textLeadFrames: config.text_lead_frames,
      // About 17 letters a second, as people talk.
      textFramesPerCharacter: config.text_frames_per_character ?? 0.75,
    },
  };
}

type Fail = (path: string, value: unknown, reason: string) => Error;

function firstThatExists(directory: string, names: readonly [string, ...string[]]): string {
  return join(directory, names.find((name) => existsSync(join(directory, name))) ?? names[0]);
}

function resolveLm(config: ConfigFile, file: SafetensorsFile, mimi: MimiConfiguration, fail: Fail): LmConfiguration {
  const given = config.lm;
  const rows = given.n_q ?? countNumbered(file, 'emb.', '.weight');
  const codebooks = mimi.codebooks;
  if (rows !== 2 * codebooks)
    throw fail('lm.n_q', rows, `two speakers of ${codebooks} codebooks make ${2 * codebooks}`);
  const dim = given.dim ?? sizeAt(file, 'text_emb.weight', 1);
  const heads = given.num_heads ?? 32;
  checkHeads(dim, heads, 'lm.num_heads', fail);
  const card = given.card ?? sizeAt(file, 'emb.0.weight', 0) - 1;
  if (card !== mimi.card) throw fail('lm.card', card, `the codec has ${mimi.card} codes`);
  const context = given.context ?? 3000;
  checkContext(context, 1, 'lm.context', fail);
  const delays = given.delays ?? publishedDelays(codebooks);
  if (delays.length !== rows + 1) throw fail('lm.delays', delays, `needs one delay for each of ${rows + 1} rows`);
  const hidden = hiddenSize(file, 'transformer.layers.0.gating.linear_out.weight');
  if (given.hidden_scale !== undefined) {
    checkHidden(hidden, dim, Math.trunc(given.hidden_scale * dim), 'lm.hidden_scale', given.hidden_scale, fail);
  }
  return {
    dim,
    heads,
    layers: given.num_layers ?? countNumbered(file, 'transformer.layers.', '.norm1.alpha'),
    hidden,
    context,
    maxPeriod: given.max_period ?? 10_000,
    textCard: given.text_card ?? sizeAt(file, 'text_emb.weight', 0) - 1,
    card,
    codebooks,
    delays,
    depth: resolveDepth(config, file, codebooks, fail),
  };
}

function resolveDepth(config: ConfigFile, file: SafetensorsFile, codebooks: number, fail: Fail): DepthConfiguration {
  const given = config.lm;
  const storedSteps = countNumbered(file, 'depformer_in.', '.weight');
  // The published code copies stored steps 0-7 to 8-15 where the model has 16.
  const steps = given.dep_q ?? 2 * codebooks;
  if (steps < codebooks || steps > 2 * codebooks) {
    throw fail('lm.dep_q', steps, `the agent has ${codebooks} codebooks, both speakers ${2 * codebooks}`);
  }
  if (storedSteps < codebooks) {
    throw new SpeakerpostError('MODEL_TENSOR_MISSING', {
      file: file.file,
      tensor: `depformer_in.${storedSteps}.weight`,
    });
  }
  const dim = given.depformer_dim ?? sizeAt(file, 'depformer_in.0.weight', 0);
  const heads = given.depformer_num_heads ?? 16;
  checkHeads(dim, heads, 'lm.depformer_num_heads', fail);
  const hidden = hiddenSize(file, 'depformer.layers.0.gating.0.linear_out.weight');
  const width = given.depformer_dim_feedforward;
  if (width !== undefined) checkHidden(hidden, dim, width, 'lm.depformer_dim_feedforward', width, fail);
  return {
    dim,
    heads,
    layers: given.depformer_num_layers ?? countNumbered(file, 'depformer.layers.', '.norm1.alpha'),
    hidden,
    storedSteps,
    // The published code keeps them in a ring of as many slots as the model has steps: with 8, the last step does not see the
    // first [the golden vectors of an 8-step model show it].
    window: Math.min(given.depformer_context ?? 8, ringSlots(steps)),
  };
}

function resolveMimi(config: ConfigFile, file: SafetensorsFile, fail: Fail): MimiConfiguration {
  const { seanet, quantizer, transformer } = config.mimi;
  const dim = seanet?.dimension ?? sizeAt(file, 'downsample.conv.conv.conv.weight', 0);
  const model = transformer?.d_model ?? dim;
  if (model !== dim) throw fail('mimi.transformer.d_model', model, `seanet.dimension is ${dim}`);
  const heads = transformer?.num_heads ?? 8;
  checkHeads(dim, heads, 'mimi.transformer.num_heads', fail);
  const ratios = seanet?.ratios ?? [8, 6, 5, 4];
  const hop = ratios.reduce((product, ratio) => product * ratio, 1);
  if (frameSamples % hop !== 0) throw fail('mimi.seanet.ratios', ratios, `a frame of ${frameSamples} needs whole hops`);
  const context = transformer?.context ?? 250;
  checkContext(context, frameSamples / hop, 'mimi.transformer.context', fail);
  const layer = 'encoder_transformer.transformer.layers.';
  const codebook = 'quantizer.rvq_first.vq.layers.0._codebook.embedding_sum';
  return {
    filters: seanet?.n_filters ?? sizeAt(file, 'encoder.model.0.conv.conv.weight', 0),
    dim,
    ratios,
    kernel: seanet?.kernel_size ?? 7,
    lastKernel: seanet?.last_kernel_size ?? 3,
    residualKernel: seanet?.residual_kernel_size ?? 3,
    compress: seanet?.compress ?? 2,
    codebooks: config.mimi.num_codebooks ?? 8,
    codebookDim: quantizer?.dimension ?? sizeAt(file, codebook, 1),
    card: quantizer?.bins ?? sizeAt(file, codebook, 0),
    transformer: {
      heads,
      layers: transformer?.num_layers ?? countNumbered(file, layer, '.norm1.weight'),
      hidden: transformer?.dim_feedforward ?? sizeAt(file, `${layer}0.linear1.weight`, 0),
      context,
      maxPeriod: transformer?.max_period ?? 10_000,
    },
  };
}

function resolvePrompt(config: ConfigFile, lm: LmConfiguration, fail: Fail): PromptConfiguration {
  const frame = (path: string, codes: readonly number[]): readonly number[] => {
    if (codes.length !== lm.codebooks) throw fail(path, codes, `a frame has ${lm.codebooks} codes`);
    if (codes.some((code) => code >= lm.card)) throw fail(path, codes, `codes are below ${lm.card}`);
    return codes;
  };
  const textPadding = config.text_padding_id ?? config.lm.existing_text_padding_id ?? 3;
  if (textPadding >= lm.textCard) throw fail('text_padding_id', textPadding, `text ids are below ${lm.textCard}`);
  const textTokens = config.text_prompt_tokens ?? null;
  if (textTokens?.some((token) => token >= lm.textCard)) {
    throw fail('text_prompt_tokens', textTokens, `text ids are below ${lm.textCard}`);
  }
  return {
    silence: frame('silence_tokens', config.silence_tokens ?? [948, 243, 1178, 546, 1736, 1030, 1978, 2008]),
    sine: frame('sine_tokens', config.sine_tokens ?? [430, 1268, 381, 1611, 1095, 1495, 56, 472]),
    silenceFrames: config.silence_frames ?? 6,
    textPadding,
    voiceCodes: config.voice_prompt_codes?.map((codes, i) => frame(`voice_prompt_codes.${i}`, codes)) ?? null,
    textTokens,
  };
}

function samplingRule(
  given: { readonly temperature: number; readonly top_k: number } | undefined,
  temperature: number,
  topK: number,
  card: number,
): { readonly temperature: number; readonly topK: number } {
  return { temperature: given?.temperature ?? temperature, topK: Math.min(given?.top_k ?? topK, card) };
}

/** Rows are late in pairs of one semantic and several acoustic codebooks: 0, then (0, 1, 1, ...) for each speaker. */
function publishedDelays(codebooks: number): readonly number[] {
  const speaker = Array.from({ length: codebooks }, (_, i) => (i === 0 ? 0 : 1));
  return [0, ...speaker, ...speaker];
}

function checkHeads(dim: number, heads: number, path: string, fail: Fail): void {
  // Rotary positions turn pairs of a head's channels.
  if (dim % heads !== 0 || (dim / heads) % 2 !== 0)
    throw fail(path, heads, `${dim} channels need heads of an even width`);
}

/** A run's positions must all fit into the ring. */
function checkContext(context: number, steps: number, path: string, fail: Fail): void {
  if (ringSlots(context) < steps) throw fail(path, context, `a frame has ${steps} positions and the one before it`);
}

/** The published gating has 2/3 of the feed-forward width inside, and 21/8 of dim where that width is 4 dim. */
function checkHidden(hidden: number, dim: number, width: number, path: string, value: number, fail: Fail): void {
  const twoThirds = Math.floor((2 * width) / 3);
  const fits = hidden === twoThirds || (width === 4 * dim && hidden === Math.floor((21 * dim) / 8));
  if (!fits) throw fail(path, value, `makes ${twoThirds} hidden channels, the weights have ${hidden}`);
}

function hiddenSize(file: SafetensorsFile, linearOut: string): number {
  return sizeAt(file, linearOut, 1);
}

function sizeAt(file: SafetensorsFile, tensor: string, axis: number): number {
  return file.shape(tensor)[axis] ?? 0;
}

/** How many of prefix0suffix, prefix1suffix, ... there are. */
function countNumbered(file: SafetensorsFile, prefix: string, suffix: string): number {
  let count = 0;
  while (file.has(`${prefix}${count}${suffix}`)) count += 1;
  return count;
}
