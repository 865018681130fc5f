/**
 * The temporal transformer: once a frame, from the 17 tokens of a frame to what the depth transformer and the text head
 * need (personaplex.md section 3).
 */
import type { LmConfiguration } from '../checkpoint/configuration.ts';
import type { SafetensorsFile } from '../checkpoint/safetensors.ts';
import { gatedFeedForward, linear, normedStream, project, type Stream } from '../layers/dense.ts';
import { lengthAttention, lengthClock, turnsInside } from '../layers/length-attention.ts';
import { type AttentionSizes, ringAttention, ringClock } from '../layers/ring-attention.ts';
import type { FileTensor } from '../onnx/graph-builder.ts';
import { type FloatType, GraphBuilder, type LaneGraph, type Value } from '../onnx/graph-builder.ts';
import type { CacheLayout } from './cache-layout.ts';

/**
 * A run has a row a lane; with a linear cache also several rows of one lane, at positions that follow each other.
 * Inputs   tokens [rows] (-1: no input), embedding [dim] added to theirs (zeros, or a replayed prompt)
 *          of a ring: position []; of a linear cache: length [] and the settings most_slots, run_shape (some: position [], step_shape)
 * Outputs  hidden [dim], text_logits [textCard]
 * States   layer.N.k, layer.N.v [slots, dim]; of a linear cache [heads, slots, head dim]
 */
export function temporalGraph(
  lm: LmConfiguration,
  file: SafetensorsFile,
  layout: CacheLayout,
  type: FloatType = 'float32',
): LaneGraph {
  const { dim } = lm;
  const graph = new GraphBuilder('temporal', type);
  const leading = 'rows';
  const tokens = graph.input('tokens', 'int64', [lm.delays.length], { leading });
  const embedding = graph.input('embedding', 'float32', [dim], { leading, place: 'graphs' });
  const sizes: AttentionSizes = { dim, heads: lm.heads, slots: layout.slots, maxPeriod: lm.maxPeriod, steps: 1 };
  const attend = attention(graph, sizes, layout);

  let stream: Stream = {
    sum: graph.node('Add', [embedTokens(graph, tokens, lm, file), graph.narrow(embedding)]), // [lanes, dim]
    addend: null,
  };
  for (let layer = 0; layer < lm.layers; layer++) {
    const name = `transformer.layers.${layer}`;
    const weight = (part: string, shape: readonly number[]) => file.weight(`${name}.${part}`, shape);
    const before = normedStream(graph, stream, weight('norm1.alpha', [1, 1, dim]), dim);
    const inProjection = weight('self_attn.in_proj_weight', [3 * dim, dim]);
    const attended = attend(`layer.${layer}`, before.normed, inProjection);
    stream = project(graph, attended, weight('self_attn.out_proj.weight', [dim, dim]), before.x);
    const between = normedStream(graph, stream, weight('norm2.alpha', [1, 1, dim]), dim);
    stream = gatedFeedForward(
      graph,
      between.normed,
      weight('gating.linear_in.weight', [2 * lm.hidden, dim]),
      weight('gating.linear_out.weight', [dim, lm.hidden]),
      between.x,
    );
  }
  const { normed: hidden } = normedStream(graph, stream, file.weight('out_norm.alpha', [1, 1, dim]), dim);
  const textLogits = linear(graph, hidden, file.weight('text_linear.weight', [lm.textCard, dim]));
  graph.output('hidden', hidden, type, [dim], { leading, place: 'graphs' });
  graph.output('text_logits', graph.widen(textLogits), 'float32', [lm.textCard], { leading, place: 'graphs' });
  return graph.finish();
}

/** How a layer attends: by mask to a ring, or by length to a linear cache. */
function attention(
  graph: GraphBuilder,
  sizes: AttentionSizes,
  { kind, window }: CacheLayout,
): (name: string, x: Value, inProjection: FileTensor) => Value {
  if (kind === 'ring') {
    const clock = ringClock(graph, graph.input('position', 'int64', [], { leading: 'rows' }), sizes);
    return (name, x, inProjection) => ringAttention(graph, name, x, inProjection, clock, sizes);
  }
  const length = graph.input('length', 'int64', []);
  const run = {
    length,
    mostSlots: graph.setting('most_slots', 'int32', 1),
    runShape: graph.setting('run_shape', 'int64', 3),
    rowSlots: turnsInside(sizes) ? null : rowSlots(graph),
  };
  const clock = lengthClock(graph, run, sizes);
  return (name, x, inProjection) => lengthAttention(graph, name, x, inProjection, clock, sizes, window);
}

function rowSlots(graph: GraphBuilder): Value {
  const position = graph.input('position', 'int64', [], { leading: 'rows' });
  return graph.node('Reshape', [position, graph.setting('step_shape', 'int64', 2)]);
}

/**
 * The sum of the rows' embeddings: [lanes, rows] -> [lanes, dim]. All tables are one, each followed by a row of zeros, so that
 * id -1 of a table meets the zeros before it (and of the first one, counted from the end, the last zeros).
 */
function embedTokens(graph: GraphBuilder, tokens: Value, lm: LmConfiguration, file: SafetensorsFile): Value {
  const zeros = graph.narrow(graph.floats(Array(lm.dim).fill(0), [1, lm.dim]));
  const tables: Value[] = [];
  const starts: number[] = [];
  let start = 0;
  for (let row = 0; row < lm.delays.length; row++) {
    const ids = (row === 0 ? lm.textCard : lm.card) + 1;
    const name = row === 0 ? 'text_emb.weight' : `emb.${row - 1}.weight`;
    tables.push(graph.weight(file.weight(name, [ids, lm.dim])), zeros);
    starts.push(start);
    start += ids + 1;
  }
  const table = graph.node('Concat', tables, { axis: 0 });
  const embedded = graph.node('Gather', [table, graph.node('Add', [tokens, graph.integers(starts)])]); // [lanes, rows, dim]
  return graph.node('ReduceSum', [embedded, graph.integers([1])], { keepdims: 0 });
}
