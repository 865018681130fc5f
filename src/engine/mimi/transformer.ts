import type { MimiConfiguration } from '../checkpoint/configuration.ts';
import type { SafetensorsFile } from '../checkpoint/safetensors.ts';
import { layerNorm, linear } from '../layers/dense.ts';
import { type AttentionSizes, ringAttention, ringClock, ringSlots } from '../layers/ring-attention.ts';
import type { GraphBuilder, Value } from '../onnx/graph-builder.ts';

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
  for (let layer = 0; layer < layers; layer++) {
    const name = `${side}.transformer.layers.${layer}`;
    const weight = (part: string, shape: readonly number[]) => file.weight(`${name}.${part}`, shape);
    const normalised = (norm: string): Value =>
      layerNorm(graph, x, weight(`${norm}.weight`, [dim]), weight(`${norm}.bias`, [dim]));
    const addScaled = (branch: Value, scale: string): Value =>
      graph.node('Add', [x, graph.node('Mul', [branch, graph.weight(weight(`${scale}.scale`, [dim]))])]);

    const inProjection = weight('self_attn.in_proj_weight', [3 * dim, dim]);
    const attended = ringAttention(graph, `${side}.${layer}`, normalised('norm1'), inProjection, clock, sizes);
    x = addScaled(linear(graph, attended, weight('self_attn.out_proj.weight', [dim, dim])), 'layer_scale_1');
    const wide = linear(graph, normalised('norm2'), weight('linear1.weight', [hidden, dim]));
    const narrow = linear(graph, graph.node('Gelu', [wide]), weight('linear2.weight', [dim, hidden]));
    x = addScaled(narrow, 'layer_scale_2');
  }
  const rows = graph.node('Reshape', [x, graph.integers([-1, steps, dim])]);
  return graph.node('Transpose', [rows], { perm: [0, 2, 1] });
}
