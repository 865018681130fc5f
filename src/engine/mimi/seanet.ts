/**
 * SEANet: between samples and 25 latents a second. Module numbers count as in the published code, ELUs included
 * (personaplex.md section 2).
 */
import type { MimiConfiguration } from '../checkpoint/configuration.ts';
import type { SafetensorsFile } from '../checkpoint/safetensors.ts';
import type { GraphBuilder, Value } from '../onnx/graph-builder.ts';
import { type ConvolutionWeights, elu, streamingConvolution, streamingTransposedConvolution } from './convolution.ts';

/** [lanes, 1, samples] -> [lanes, dim, samples / hop] */
export function seanetEncoder(
  graph: GraphBuilder,
  samples: Value,
  mimi: MimiConfiguration,
  file: SafetensorsFile,
): Value {
  const conv = (n: string, shape: readonly number[]) => convolution(file, `encoder.model.${n}.conv.conv`, shape);
  let channels = mimi.filters;
  let x = streamingConvolution(graph, 'encoder.0', samples, conv('0', [channels, 1, mimi.kernel]));
  let n = 1;
  for (const ratio of mimi.ratios.toReversed()) {
    x = residualBlock(graph, `encoder.${n}`, x, channels, mimi, (part, shape) => conv(`${n}.block.${part}`, shape));
    x = streamingConvolution(
      graph,
      `encoder.${n + 2}`,
      elu(graph, x),
      conv(`${n + 2}`, [2 * channels, channels, 2 * ratio]),
      ratio,
    );
    channels *= 2;
    n += 3;
  }
  const last = conv(`${n + 1}`, [mimi.dim, channels, mimi.lastKernel]);
  return streamingConvolution(graph, `encoder.${n + 1}`, elu(graph, x), last);
}

/** [lanes, dim, time] -> [lanes, 1, time * hop] */
export function seanetDecoder(
  graph: GraphBuilder,
  latents: Value,
  time: number,
  mimi: MimiConfiguration,
  file: SafetensorsFile,
): Value {
  const conv = (n: string, shape: readonly number[]) => convolution(file, `decoder.model.${n}.conv.conv`, shape);
  const convtr = (n: string, shape: readonly number[]) =>
    convolution(file, `decoder.model.${n}.convtr.convtr`, shape, 1);
  let channels = mimi.filters * 2 ** mimi.ratios.length;
  let length = time;
  let x = streamingConvolution(graph, 'decoder.0', latents, conv('0', [channels, mimi.dim, mimi.kernel]));
  let n = 2;
  for (const ratio of mimi.ratios) {
    const half = channels / 2;
    const weights = convtr(`${n}`, [channels, half, 2 * ratio]);
    x = streamingTransposedConvolution(graph, `decoder.${n}`, elu(graph, x), weights, ratio, length);
    length *= ratio;
    x = residualBlock(graph, `decoder.${n + 1}`, x, half, mimi, (part, shape) => conv(`${n + 1}.block.${part}`, shape));
    channels = half;
    n += 3;
  }
  return streamingConvolution(graph, `decoder.${n}`, elu(graph, x), conv(`${n}`, [1, channels, mimi.lastKernel]));
}

/** x + conv1(elu(conv3(elu(x)))), the channels narrowed in between. */
function residualBlock(
  graph: GraphBuilder,
  name: string,
  x: Value,
  channels: number,
  mimi: MimiConfiguration,
  conv: (part: string, shape: readonly number[]) => ConvolutionWeights,
): Value {
  const narrow = Math.floor(channels / mimi.compress);
  const first = conv('1', [narrow, channels, mimi.residualKernel]);
  const second = conv('3', [channels, narrow, 1]);
  const inner = streamingConvolution(graph, `${name}.1`, elu(graph, x), first);
  return graph.node('Add', [x, streamingConvolution(graph, `${name}.3`, elu(graph, inner), second)]);
}

/** @param outputAxis of the weight: 0, or 1 in a transposed convolution */
function convolution(
  file: SafetensorsFile,
  name: string,
  shape: readonly number[],
  outputAxis: 0 | 1 = 0,
): ConvolutionWeights {
  return { weight: file.weight(`${name}.weight`, shape), bias: file.weight(`${name}.bias`, [shape[outputAxis] ?? 0]) };
}
