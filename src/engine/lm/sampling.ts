import type { SamplingRule } from '../checkpoint/configuration.ts';
import type { GraphBuilder, Value } from '../onnx/graph-builder.ts';

/**
 * Draws one id a lane: softmax(logits / T), the k likeliest kept. Adding Gumbel noise to logits / T and taking the largest is
 * the same draw; so is adding T times the noise to the logits, which needs no special case for T = 0.
 * @param logits [lanes, card] @param noise T times Gumbel noise, [lanes, k]: by rank where k < card, else by id
 * @returns ids, int64 [lanes]
 */
export function sample(graph: GraphBuilder, logits: Value, noise: Value, rule: SamplingRule, card: number): Value {
  if (rule.topK >= card) return largest(graph, graph.node('Add', [logits, noise]));
  const [kept, ids] = graph.nodes('TopK', [logits, graph.integers([rule.topK])], 2, { axis: 1 });
  const rank = largest(graph, graph.node('Add', [kept, noise]));
  const column = graph.node('Unsqueeze', [rank, graph.integers([1])]);
  return graph.node('Squeeze', [graph.node('GatherElements', [ids, column], { axis: 1 }), graph.integers([1])]);
}

/** `given` where it is an id, else `sampled`: int64 [lanes]. */
export function preferGiven(graph: GraphBuilder, given: Value, sampled: Value): Value {
  return graph.node('Where', [graph.node('GreaterOrEqual', [given, graph.integers([0], [])]), given, sampled]);
}

/** T times Gumbel noise from uniform u: zeros where T is 0. */
export function noiseFromUniform(graph: GraphBuilder, uniform: Value, { temperature }: SamplingRule): Value {
  const inner = graph.node('Neg', [graph.node('Log', [uniform])]);
  return graph.node('Mul', [graph.node('Log', [inner]), graph.floats([-temperature])]);
}

function largest(graph: GraphBuilder, scores: Value): Value {
  return graph.node('ArgMax', [scores], { axis: 1, keepdims: 0 });
}
