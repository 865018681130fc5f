/**
 * SEANet: between samples and 25 latents a second. Module numbers count as in the published code, ELUs included
 * (personaplex.md section 2).
 */
import { frameSamples, type MimiConfiguration } from '../checkpoint/configuration.ts';
import type { SafetensorsFile } from '../checkpoint/safetensors.ts';
import type { FileTensor, GraphBuilder, Value } from '../onnx/graph-builder.ts';
import { elu, streamingConvolution, streamingTransposedConvolution } from './convolution.ts';

/** [lanes, 1, samples] -> [lanes, dim, samples / hop] */
export function seanetEncoder(
  graph: GraphBuilder,
  samples: Value,
  mimi: MimiConfiguration,
  file: SafetensorsFile,
): Value {
  const side: Side = { graph, mimi, file, name: 'encoder' };
  let channels = mimi.filters;
  let time = frameSamples;
  let x = convolve(side, '0', samples, [channels, 1, mimi.kernel], time);
  let n = 1;
  for (const ratio of mimi.ratios.toReversed()) {
    x = residualBlock(side, n, x, channels, time);
    time /= ratio;
    x = convolve(side, `${n + 2}`, elu(graph, x), [2 * channels, channels, 2 * ratio], time, ratio);
    channels *= 2;
    n += 3;
  }
  return convolve(side, `${n + 1}`, elu(graph, x), [mimi.dim, channels, mimi.lastKernel], time);
}

/** [lanes, dim, steps] -> [lanes, 1, steps * hop] */
export function seanetDecoder(
  graph: GraphBuilder,
  latents: Value,
  steps: number,
  mimi: MimiConfiguration,
  file: SafetensorsFile,
): Value {
  const side: Side = { graph, mimi, file, name: 'decoder' };
  let channels = mimi.filters * 2 ** mimi.ratios.length;
  let time = steps;
  let x = convolve(side, '0', latents, [channels, mimi.dim, mimi.kernel], time);
  let n = 2;
  for (const ratio of mimi.ratios) {
    const half = channels / 2;
    const module = `decoder.model.${n}.convtr.convtr`;
    const weights = {
      weight: file.weight(`${module}.weight`, [channels, half, 2 * ratio]),
      bias: file.weight(`${module}.bias`, [half]),
    };
    x = streamingTransposedConvolution(graph, `decoder.${n}`, elu(graph, x), weights, ratio, time);
    time *= ratio;
    x = residualBlock(side, n + 1, x, half, time);
    channels = half;
    n += 3;
  }
  return convolve(side, `${n}`, elu(graph, x), [1, channels, mimi.lastKernel], time);
}

interface Side {
  readonly graph: GraphBuilder;
  readonly mimi: MimiConfiguration;
  readonly file: SafetensorsFile;
  readonly name: 'encoder' | 'decoder';
}

/** x + conv1(elu(conv3(elu(x)))), the channels narrowed in between. */
function residualBlock(side: Side, n: number, x: Value, channels: number, time: number): Value {
  const { graph, mimi } = side;
  const narrow = Math.floor(channels / mimi.compress);
  const inner = convolve(side, `${n}.block.1`, elu(graph, x), [narrow, channels, mimi.residualKernel], time);
  return graph.node('Add', [x, convolve(side, `${n}.block.3`, elu(graph, inner), [channels, narrow, 1], time)]);
}

/** @param shape [outputs, inputs, kernel] @param time output columns */
function convolve(
  { graph, file, name }: Side,
  module: string,
  x: Value,
  shape: readonly [number, number, number],
  time: number,
  stride = 1,
): Value {
  const stored = (part: string, of: readonly number[]): FileTensor =>
    file.weight(`${name}.model.${module}.conv.conv.${part}`, of);
  const weights = { weight: stored('weight', shape), bias: stored('bias', [shape[0]]) };
  return streamingConvolution(graph, `${name}.${module}`, x, { ...weights, stride, time });
}
