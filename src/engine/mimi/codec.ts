/** Mimi, one frame a run: the encoder for the user's sound, the decoder for the agent's (personaplex.md section 2). */
import { frameSamples, type MimiConfiguration } from '../checkpoint/configuration.ts';
import type { SafetensorsFile } from '../checkpoint/safetensors.ts';
import { type FloatType, GraphBuilder, type LaneGraph } from '../onnx/graph-builder.ts';
import { streamingChannelwiseUpsample, streamingConvolution } from './convolution.ts';
import { dequantize, quantize } from './quantizer.ts';
import { seanetDecoder, seanetEncoder } from './seanet.ts';
import { mimiTransformer } from './transformer.ts';

export interface CodecOptions {
  /** Lanes without a frame run beside the others, with their state unchanged: one more input, active []. */
  readonly areCarried: boolean;
  /** Of the convolutions and the transformer; the quantizer stays in float32. */
  readonly type?: FloatType;
}

const alone: CodecOptions = { areCarried: false };

/**
 * Inputs   samples [1920], frame []: frames before this one
 * Outputs  codes [codebooks], latent [dim]: what the quantizer saw
 */
export function encoderGraph(
  mimi: MimiConfiguration,
  file: SafetensorsFile,
  { areCarried, type = 'float32' }: CodecOptions = alone,
): LaneGraph {
  const { dim } = mimi;
  const steps = stepsAFrame(mimi);
  const graph = new GraphBuilder('mimi-encoder', type);
  const samples = graph.input('samples', 'float32', [frameSamples]);
  const frame = graph.input('frame', 'int64', []);
  if (areCarried) graph.carryLanes(graph.input('active', 'bool', []));

  const sound = graph.node('Unsqueeze', [graph.narrow(samples), graph.integers([1])]);
  const latents = seanetEncoder(graph, sound, mimi, file); // [lanes, dim, steps]
  const attended = mimiTransformer(graph, 'encoder_transformer', latents, frame, steps, mimi, file);
  const first = graph.node('Equal', [graph.node('Unsqueeze', [frame, graph.integers([1, 2])]), graph.integers([0])]);
  const weight = file.weight('downsample.conv.conv.conv.weight', [dim, dim, 2 * steps]);
  const down = streamingConvolution(graph, 'downsample', attended, { weight, stride: steps, time: 1, first }); // [lanes, dim, 1]
  const latent = graph.widen(graph.node('Squeeze', [down, graph.integers([2])]));
  graph.output('codes', quantize(graph, latent, mimi, file), 'int64', [mimi.codebooks]);
  graph.output('latent', latent, 'float32', [dim], { place: 'graphs' });
  return graph.finish();
}

/**
 * Inputs   codes [codebooks], frame []: frames before this one
 *          where lanes are carried: tokens [1 + codebooks], from the depth transformer, taken where a code is negative
 * Outputs  samples [1920]
 */
export function decoderGraph(
  mimi: MimiConfiguration,
  file: SafetensorsFile,
  { areCarried, type = 'float32' }: CodecOptions = alone,
): LaneGraph {
  const { dim } = mimi;
  const steps = stepsAFrame(mimi);
  const graph = new GraphBuilder('mimi-decoder', type);
  let codes = graph.input('codes', 'int64', [mimi.codebooks]);
  const frame = graph.input('frame', 'int64', []);
  if (areCarried) {
    graph.carryLanes(graph.input('active', 'bool', []));
    const tokens = graph.input('tokens', 'int64', [1 + mimi.codebooks]);
    const [, drawn] = graph.nodes('Split', [tokens, graph.integers([1, mimi.codebooks])], 2, { axis: 1 });
    codes = graph.node('Where', [graph.node('GreaterOrEqual', [codes, graph.integers([0], [])]), codes, drawn]);
  }

  const latent = graph.node('Unsqueeze', [graph.narrow(dequantize(graph, codes, mimi, file)), graph.integers([2])]); // [lanes, dim, 1]
  const weight = file.weight('upsample.convtr.convtr.convtr.weight', [dim, 1, 2 * steps]);
  const latents = streamingChannelwiseUpsample(graph, 'upsample', latent, weight, steps);
  const attended = mimiTransformer(graph, 'decoder_transformer', latents, frame, steps, mimi, file);
  const sound = seanetDecoder(graph, attended, steps, mimi, file); // [lanes, 1, 1920]
  graph.output('samples', graph.widen(graph.node('Squeeze', [sound, graph.integers([1])])), 'float32', [frameSamples]);
  return graph.finish();
}

/** Latents of the convolutions in one frame: 2 at 25 a second. */
function stepsAFrame(mimi: MimiConfiguration): number {
  return frameSamples / mimi.ratios.reduce((product, ratio) => product * ratio, 1);
}
