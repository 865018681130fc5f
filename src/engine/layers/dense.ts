/** Layers over rows: x is [rows, channels], weights are as stored, [outputs, inputs]. */
import type { FileTensor, FloatType, GraphBuilder, Value } from '../onnx/graph-builder.ts';

/** x W^T (+ added): [rows, inputs] -> [rows, outputs]. `added`, the residual stream, is summed inside the product. */
export function linear(
  graph: GraphBuilder,
  x: Value,
  weight: FileTensor,
  added?: Value,
  type: FloatType = graph.type,
): Value {
  const inputs = [x, graph.weight(weight, weight.shape, type)];
  return graph.node('Gemm', added === undefined ? inputs : [...inputs, added], { transB: 1 });
}

/** x / rms(x) * alpha over the channels. */
export function rmsNorm(graph: GraphBuilder, x: Value, alpha: FileTensor, channels: number): Value {
  return graph.node('RMSNormalization', [x, graph.weight(alpha, [channels])], { axis: -1, epsilon: { float: 1e-8 } });
}

/** x + branch, and its layer norm: one operator for both. */
export function normedSum(
  graph: GraphBuilder,
  x: Value,
  branch: Value | null,
  weight: FileTensor,
  bias: FileTensor,
): { readonly x: Value; readonly normed: Value } {
  const affine = [graph.weight(weight), graph.weight(bias)];
  const epsilon = { epsilon: { float: 1e-5 } };
  if (branch === null) {
    return { x, normed: graph.node('LayerNormalization', [x, ...affine], { axis: -1, ...epsilon }) };
  }
  const inputs = [x, branch, ...affine];
  const [normed, , , sum] = graph.nodes('com.microsoft.SkipLayerNormalization', inputs, 4, epsilon, [1, 2]);
  if (normed === undefined || sum === undefined) throw new Error('a norm of two results');
  return { x: sum, normed };
}

/** x W^T, each output times its scale, which is multiplied into the weights at load. */
export function scaledLinear(graph: GraphBuilder, x: Value, weight: FileTensor, scale: FileTensor): Value {
  const [outputs = 0] = weight.shape;
  const scaled = graph.node('Mul', [graph.weight(weight), graph.weight(scale, [outputs, 1])]);
  return graph.node('Gemm', [x, scaled], { transB: 1 });
}

/** The residual stream: `sum` and what is still to be added to it. */
export interface Stream {
  readonly sum: Value;
  readonly addend: Value | null;
}

/**
 * The stream with x W^T added. On a CPU the sum is made inside the product; on a GPU that would copy the stream first, and the
 * norm that follows makes it.
 */
export function project(graph: GraphBuilder, x: Value, weight: FileTensor, stream: Value): Stream {
  return graph.type === 'float32'
    ? { sum: linear(graph, x, weight, stream), addend: null }
    : { sum: stream, addend: linear(graph, x, weight) };
}

/** The whole sum and its norm. */
export function normedStream(
  graph: GraphBuilder,
  { sum, addend }: Stream,
  alpha: FileTensor,
  channels: number,
): { readonly x: Value; readonly normed: Value } {
  if (addend === null) return { x: sum, normed: rmsNorm(graph, sum, alpha, channels) };
  const inputs = [sum, addend, graph.weight(alpha, [channels])];
  const operator = 'com.microsoft.SkipSimplifiedLayerNormalization';
  const [normed, , , x] = graph.nodes(operator, inputs, 4, { epsilon: { float: 1e-8 } }, [1, 2]);
  if (normed === undefined || x === undefined) throw new Error('a norm of two results');
  return { x, normed };
}

/** stream + linear_out(silu(first half of linear_in(x)) * second half). */
export function gatedFeedForward(
  graph: GraphBuilder,
  x: Value,
  linearIn: FileTensor,
  linearOut: FileTensor,
  stream: Value,
): Stream {
  const [gate, up] = graph.nodes('Split', [linear(graph, x, linearIn)], 2, { axis: -1, num_outputs: 2 });
  const silu = graph.node('com.microsoft.QuickGelu', [gate], { alpha: { float: 1 } });
  return project(graph, graph.node('Mul', [silu, up]), linearOut, stream);
}
