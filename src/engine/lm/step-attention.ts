/**
 * Attention of the depth transformer: over the last steps of one frame, without positions. Nothing is kept from frame to frame.
 */
import type { DepthConfiguration } from '../checkpoint/configuration.ts';
import type { GraphBuilder, Value } from '../onnx/graph-builder.ts';

/** joined [lanes, 3 * dim]: queries, keys, values of this step -> [lanes, dim]. Steps of a layer come in order. */
export type StepAttention = (layer: number, step: number, joined: Value) => Value;

/** @param zeros makes int64 [lanes] */
export function stepAttention(
  graph: GraphBuilder,
  depth: DepthConfiguration,
  steps: number,
  zeros: () => Value,
): StepAttention {
  // The fused operator has no window of its own that was proved equal.
  return graph.type === 'float32' || depth.window < steps
    ? attendSeparately(graph, depth)
    : attendFused(graph, depth, zeros());
}

function attendSeparately(graph: GraphBuilder, { dim, heads, window }: DepthConfiguration): StepAttention {
  const allKeys = new Map<number, Value[]>();
  const allValues = new Map<number, Value[]>();
  return (layer, step, joined) => {
    const rows = graph.node('Reshape', [joined, graph.integers([-1, 1, 3 * dim])]);
    const [query, key, value] = graph.nodes('Split', [rows], 3, { axis: 2, num_outputs: 3 });
    const lastSteps = (held: Map<number, Value[]>, now: Value): Value => {
      const all = [...(held.get(layer) ?? []), now];
      held.set(layer, all);
      return graph.node('Concat', all.slice(-window), { axis: 1 });
    };
    const keys = lastSteps(allKeys, key);
    const values = lastSteps(allValues, value);
    // One position attends to itself alone: the softmax is 1.
    const attended =
      step === 0 ? value : graph.node('Attention', [query, keys, values], { q_num_heads: heads, kv_num_heads: heads });
    return graph.node('Reshape', [attended, graph.integers([-1, dim])]);
  };
}

const nothing = '' as Value;

/** One operator that takes the joined projections apart, appends keys and values to those before, and attends. */
function attendFused(graph: GraphBuilder, { dim, heads }: DepthConfiguration, lanesOfZeros: Value): StepAttention {
  const noSteps = graph.node('Cast', [lanesOfZeros], { to: 6 });
  const lastOf = new Map<number, Value>();
  const held = new Map<number, readonly [Value, Value]>();
  return (layer, step, joined) => {
    const last = lastOf.get(step) ?? graph.node('Add', [noSteps, graph.shortIntegers([step], [])]); // int32 [lanes]
    lastOf.set(step, last);
    const rows = graph.node('Reshape', [joined, graph.integers([-1, 1, 3 * dim])]);
    const [keysBefore, valuesBefore] = held.get(layer) ?? [nothing, nothing];
    const count = graph.shortIntegers([step + 1], []);
    const [attended, keys, values] = graph.nodes(
      'com.microsoft.GroupQueryAttention',
      [rows, nothing, nothing, keysBefore, valuesBefore, last, count],
      3,
      { num_heads: heads, kv_num_heads: heads },
    );
    held.set(layer, [keys, values]);
    return graph.node('Reshape', [attended, graph.integers([-1, dim])]);
  };
}
