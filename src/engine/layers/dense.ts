/** Layers over rows: x is [rows, channels], weights are as stored, [outputs, inputs]. */
import type { FileTensor, GraphBuilder, Value } from '../onnx/graph-builder.ts';

/** x W^T (+ added): [rows, inputs] -> [rows, outputs]. `added`, the residual stream, is summed inside the product. */
export function linear(graph: GraphBuilder, x: Value, weight: FileTensor, added?: Value): Value {
  const inputs = [x, graph.weight(weight)];
  return graph.node('Gemm', added === undefined ? inputs : [...inputs, added], { transB: 1 });
}

/** x / rms(x) * alpha over the channels. */
export function rmsNorm(graph: GraphBuilder, x: Value, alpha: FileTensor, channels: number): Value {
  return graph.node('RMSNormalization', [x, graph.weight(alpha, [channels])], { axis: -1, epsilon: { float: 1e-8 } });
}

export function layerNorm(graph: GraphBuilder, x: Value, weight: FileTensor, bias: FileTensor): Value {
  const inputs = [x, graph.weight(weight), graph.weight(bias)];
  return graph.node('LayerNormalization', inputs, { axis: -1, epsilon: { float: 1e-5 } });
}

/** linear_out(silu(first half of linear_in(x)) * second half) + added. */
export function gatedFeedForward(
  graph: GraphBuilder,
  x: Value,
  linearIn: FileTensor,
  linearOut: FileTensor,
  added: Value,
): Value {
  const [gate, up] = graph.nodes('Split', [linear(graph, x, linearIn)], 2, { axis: -1, num_outputs: 2 });
  const silu = graph.node('com.microsoft.QuickGelu', [gate], { alpha: { float: 1 } });
  return linear(graph, graph.node('Mul', [silu, up]), linearOut, added);
}
