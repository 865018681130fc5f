/**
 * Streaming convolutions over time: x is [lanes, channels, time]. Everything is causal; what a kernel needs of the past is
 * state (personaplex.md section 2).
 */
import type { FileTensor, GraphBuilder, Value } from '../onnx/graph-builder.ts';

export interface ConvolutionWeights {
  /** [outputs, inputs, kernel]; of a transposed one [inputs, outputs / groups, kernel] */
  readonly weight: FileTensor;
  readonly bias?: FileTensor;
}

/**
 * [lanes, inputs, time] -> [lanes, outputs, time / stride].
 * @param first where given, a bool [lanes, 1, 1] that is true in a lane's first run: the past is then the first value,
 *   repeated, instead of zeros.
 */
export function streamingConvolution(
  graph: GraphBuilder,
  name: string,
  x: Value,
  { weight, bias }: ConvolutionWeights,
  stride = 1,
  first?: Value,
): Value {
  const [, inputs = 0, kernel = 0] = weight.shape;
  const weights = [graph.weight(weight), ...(bias === undefined ? [] : [graph.weight(bias)])];
  const pastLength = kernel - stride;
  if (pastLength === 0) return graph.node('Conv', [x, ...weights], { strides: [stride] });
  const state = graph.state(name, [inputs, pastLength]);
  const past = first === undefined ? state.value : repeatFirst(graph, x, state.value, first);
  const joined = graph.node('Concat', [past, x], { axis: 2 });
  state.next(slice(graph, joined, -pastLength, null));
  return graph.node('Conv', [joined, ...weights], { strides: [stride] });
}

/**
 * [lanes, inputs, time] -> [lanes, outputs, time * stride]. Outputs beyond the frame are state, added to the next frame's first;
 * the bias is added afterwards, so that it counts once.
 */
export function streamingTransposedConvolution(
  graph: GraphBuilder,
  name: string,
  x: Value,
  { weight, bias }: ConvolutionWeights,
  stride: number,
  time: number,
  groups = 1,
): Value {
  const [, perGroup = 0, kernel = 0] = weight.shape;
  const outputs = perGroup * groups;
  const tail = kernel - stride;
  const state = graph.state(name, [outputs, tail]);
  const spread = graph.node('ConvTranspose', [x, graph.weight(weight)], { strides: [stride], group: groups });
  // Both results come from the sum, so the state is read before it is written.
  const padded = graph.node('Pad', [state.value, graph.integers([0, 0, 0, 0, 0, time * stride])]);
  const sum = graph.node('Add', [spread, padded]); // [lanes, outputs, time * stride + tail]
  state.next(slice(graph, sum, time * stride, null));
  const frame = slice(graph, sum, 0, time * stride);
  if (bias === undefined) return frame;
  return graph.node('Add', [frame, graph.weight(bias, [outputs, 1])]);
}

/** ELU without the operator of that name, which has no CUDA kernel from opset 22 on. */
export function elu(graph: GraphBuilder, x: Value): Value {
  return graph.node('Elu', [x]);
}

function repeatFirst(graph: GraphBuilder, x: Value, past: Value, first: Value): Value {
  return graph.node('Where', [first, slice(graph, x, 0, 1), past]);
}

/** Columns start to end (exclusive; null: to the last) of the time axis. */
function slice(graph: GraphBuilder, x: Value, start: number, end: number | null): Value {
  const last = end ?? Number.MAX_SAFE_INTEGER;
  return graph.node('Slice', [x, graph.integers([start]), graph.integers([last]), graph.integers([2])]);
}
