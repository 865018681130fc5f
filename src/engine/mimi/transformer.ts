import type { MimiConfiguration } from '../checkpoint/configuration.ts';
import type { SafetensorsFile } from '../checkpoint/safetensors.ts';
import { linear, normedSum, scaledLinear } from '../layers/dense.ts';
import { type AttentionSizes, ringAttention, ringClock, ringSlots } from '../layers/ring-attention.ts';
import type { FileTensor, GraphBuilder, Value } from '../onnx/graph-builder.ts';

/**
 * The transformer beside the encoder's or the decoder's convolutions: [lanes, dim, steps] -> the same
 * (personaplex.md section 2).
 * @param side `encoder_transformer` or `decoder_transformer` @param frame frames before this one, int64 [lanes]
 */
export function mimiTransformer(
  graph: GraphBuilder,
  side: 'encoder_transformer' | 'decoder_transformer',
  latents: Value,
  frame: Value,
  steps: number,
  mimi: MimiConfiguration,
  file: SafetensorsFile,
): Value {
  const { dim } = mimi;
  const { heads, layers, hidden, context, maxPeriod } = mimi.transformer;
  const sizes: AttentionSizes = { dim, heads, slots: ringSlots(context), maxPeriod, steps };
  const clock = ringClock(graph, graph.node('Mul', [frame, graph.integers([steps])]), sizes);

  const inTime = graph.node('Transpose', [latents], { perm: [0, 2, 1] }); // [lanes, steps, dim]
  let x = graph.node('Reshape', [inTime, graph.integers([-1, dim])]);
  let branch: Value | null = null; // what is still to be added to x
  for (let layer = 0; layer < layers; layer++) {
    const name = `${side}.transformer.layers.${layer}`;
    const weight = (part: string, shape: readonly number[]) => file.weight(`${name}.${part}`, shape);
    const normalised = (norm: string): Value => {
      const sum = normedSum(graph, x, branch, weight(`${norm}.weight`, [dim]), weight(`${norm}.bias`, [dim]));
      x = sum.x;
      return sum.normed;
    };
    const scaled = (of: Value, matrix: FileTensor, scale: string): Value =>
      scaledLinear(graph, of, matrix, weight(`${scale}.scale`, [dim]));

    const inProjection = weight('self_attn.in_proj_weight', [3 * dim, dim]);
    const attended = ringAttention(graph, `${side}.${layer}`, normalised('norm1'), inProjection, clock, sizes);
    branch = scaled(attended, weight('self_attn.out_proj.weight', [dim, dim]), 'layer_scale_1');
    const wide = linear(graph, normalised('norm2'), weight('linear1.weight', [hidden, dim]));
    branch = scaled(graph.node('Gelu', [wide]), weight('linear2.weight', [dim, hidden]), 'layer_scale_2');
  }
  if (branch !== null) x = graph.node('Add', [x, branch]);
  const rows = graph.node('Reshape', [x, graph.integers([-1, steps, dim])]);
  return graph.node('Transpose', [rows], { perm: [0, 2, 1] });
}
