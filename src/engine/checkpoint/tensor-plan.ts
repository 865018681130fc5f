/** Every tensor that a published checkpoint of these sizes holds, with its shape (personaplex.md sections 2 and 3). */
import type { LmConfiguration, MimiConfiguration } from './configuration.ts';
import { frameSamples } from './configuration.ts';

export interface PlannedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** What its numbers do, for whoever makes some up. */
  readonly kind: 'matrix' | 'norm' | 'bias' | 'scale' | 'usage' | 'flag';
}

/** The temporal transformer, its embeddings and heads, and the depth transformer with `lm.depth.storedSteps` steps. */
export function* lmTensors(lm: LmConfiguration): Generator<PlannedTensor> {
  const { dim, hidden, textCard, card, depth } = lm;
  yield matrix('text_emb.weight', [textCard + 1, dim]);
  for (let row = 0; row < 2 * lm.codebooks; row++) yield matrix(`emb.${row}.weight`, [card + 1, dim]);
  for (let layer = 0; layer < lm.layers; layer++) {
    const name = `transformer.layers.${layer}`;
    yield norm(`${name}.norm1.alpha`, [1, 1, dim]);
    yield matrix(`${name}.self_attn.in_proj_weight`, [3 * dim, dim]);
    yield matrix(`${name}.self_attn.out_proj.weight`, [dim, dim]);
    yield norm(`${name}.norm2.alpha`, [1, 1, dim]);
    yield matrix(`${name}.gating.linear_in.weight`, [2 * hidden, dim]);
    yield matrix(`${name}.gating.linear_out.weight`, [dim, hidden]);
  }
  yield norm('out_norm.alpha', [1, 1, dim]);
  yield matrix('text_linear.weight', [textCard, dim]);

  const steps = depth.storedSteps;
  yield matrix('depformer_text_emb.weight', [textCard + 1, depth.dim]);
  for (let step = 0; step < steps - 1; step++) yield matrix(`depformer_emb.${step}.weight`, [card + 1, depth.dim]);
  for (let step = 0; step < steps; step++) {
    yield matrix(`depformer_in.${step}.weight`, [depth.dim, dim]);
    yield matrix(`linears.${step}.weight`, [card, depth.dim]);
  }
  for (let layer = 0; layer < depth.layers; layer++) {
    const name = `depformer.layers.${layer}`;
    yield norm(`${name}.norm1.alpha`, [1, 1, depth.dim]);
    yield matrix(`${name}.self_attn.in_proj_weight`, [steps * 3 * depth.dim, depth.dim]);
    yield matrix(`${name}.self_attn.out_proj.weight`, [steps * depth.dim, depth.dim]);
    yield norm(`${name}.norm2.alpha`, [1, 1, depth.dim]);
    for (let step = 0; step < steps; step++) {
      yield matrix(`${name}.gating.${step}.linear_in.weight`, [2 * depth.hidden, depth.dim]);
      yield matrix(`${name}.gating.${step}.linear_out.weight`, [depth.dim, depth.hidden]);
    }
  }
}

/** @param codebooks how many the file holds: 32 as published, of which the first `mimi.codebooks` are used */
export function* mimiTensors(mimi: MimiConfiguration, codebooks: number): Generator<PlannedTensor> {
  const { dim } = mimi;
  const steps = frameSamples / mimi.ratios.reduce((product, ratio) => product * ratio, 1);
  yield* seanet('encoder', mimi);
  yield* transformer('encoder_transformer', mimi);
  yield matrix('downsample.conv.conv.conv.weight', [dim, dim, 2 * steps]);
  yield* quantizer('quantizer.rvq_first', 1, mimi);
  yield* quantizer('quantizer.rvq_rest', codebooks - 1, mimi);
  yield matrix('upsample.convtr.convtr.convtr.weight', [dim, 1, 2 * steps]);
  yield* transformer('decoder_transformer', mimi);
  yield* seanet('decoder', mimi);
}

/** Modules are numbered in order, activations included; the decoder goes through the ratios as given, the encoder backwards. */
function* seanet(side: 'encoder' | 'decoder', mimi: MimiConfiguration): Generator<PlannedTensor> {
  const { filters, dim, kernel, lastKernel } = mimi;
  const widest = filters * 2 ** mimi.ratios.length;
  const name = (index: number, part = '.conv.conv') => `${side}.model.${index}${part}`;
  let index = 0;
  if (side === 'encoder') {
    yield* convolution(name(index), [filters, 1, kernel]);
    let channels = filters;
    for (const ratio of mimi.ratios.toReversed()) {
      yield* residual(name(index + 1, ''), channels, mimi);
      yield* convolution(name(index + 3), [2 * channels, channels, 2 * ratio]);
      channels *= 2;
      index += 3;
    }
    yield* convolution(name(index + 2), [dim, widest, lastKernel]);
    return;
  }
  yield* convolution(name(index), [widest, dim, kernel]);
  let channels = widest;
  for (const ratio of mimi.ratios) {
    yield* convolution(name(index + 2, '.convtr.convtr'), [channels, channels / 2, 2 * ratio], channels / 2);
    channels /= 2;
    yield* residual(name(index + 3, ''), channels, mimi);
    index += 3;
  }
  yield* convolution(name(index + 2), [1, filters, lastKernel]);
}

function* residual(name: string, channels: number, mimi: MimiConfiguration): Generator<PlannedTensor> {
  const inner = Math.floor(channels / mimi.compress);
  yield* convolution(`${name}.block.1.conv.conv`, [inner, channels, mimi.residualKernel]);
  yield* convolution(`${name}.block.3.conv.conv`, [channels, inner, 1]);
}

function* convolution(name: string, shape: readonly [number, number, number], outputs = shape[0]) {
  yield matrix(`${name}.weight`, shape);
  yield { name: `${name}.bias`, shape: [outputs], kind: 'bias' } as const;
}

function* transformer(name: string, mimi: MimiConfiguration): Generator<PlannedTensor> {
  const { dim } = mimi;
  const { layers, hidden } = mimi.transformer;
  for (let layer = 0; layer < layers; layer++) {
    const inLayer = `${name}.transformer.layers.${layer}`;
    for (const part of ['norm1', 'norm2']) {
      yield norm(`${inLayer}.${part}.weight`, [dim]);
      yield { name: `${inLayer}.${part}.bias`, shape: [dim], kind: 'bias' };
    }
    yield matrix(`${inLayer}.self_attn.in_proj_weight`, [3 * dim, dim]);
    yield matrix(`${inLayer}.self_attn.out_proj.weight`, [dim, dim]);
    yield matrix(`${inLayer}.linear1.weight`, [hidden, dim]);
    yield matrix(`${inLayer}.linear2.weight`, [dim, hidden]);
    for (const part of ['layer_scale_1', 'layer_scale_2'])
      yield { name: `${inLayer}.${part}.scale`, shape: [dim], kind: 'scale' };
  }
}

function* quantizer(name: string, codebooks: number, mimi: MimiConfiguration): Generator<PlannedTensor> {
  yield matrix(`${name}.input_proj.weight`, [mimi.codebookDim, mimi.dim, 1]);
  yield matrix(`${name}.output_proj.weight`, [mimi.dim, mimi.codebookDim, 1]);
  for (let layer = 0; layer < codebooks; layer++) {
    const codebook = `${name}.vq.layers.${layer}._codebook`;
    // Left from training: nothing reads it.
    yield { name: `${codebook}._initialized`, shape: [1], kind: 'flag' };
    yield { name: `${codebook}.cluster_usage`, shape: [mimi.card], kind: 'usage' };
    yield matrix(`${codebook}.embedding_sum`, [mimi.card, mimi.codebookDim]);
  }
}

const matrix = (name: string, shape: readonly number[]): PlannedTensor => ({ name, shape, kind: 'matrix' });
const norm = (name: string, shape: readonly number[]): PlannedTensor => ({ name, shape, kind: 'norm' });
