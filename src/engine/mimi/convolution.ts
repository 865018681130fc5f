/**
 * Streaming convolutions over time: x is [lanes, channels, time]. Everything is causal; what a kernel needs of the past is
 * state (personaplex.md section 2). State is always read through the value that the next state is cut from, since both
 * lie in the same memory.
 */
import type { FileTensor, GraphBuilder, Value } from '../onnx/graph-builder.ts';

export interface ConvolutionWeights {
  /** [outputs, inputs, kernel]; of a transposed one [inputs, outputs, 2 * stride] */
  readonly weight: FileTensor;
  readonly bias?: FileTensor;
}

export interface Convolution extends ConvolutionWeights {
  readonly stride: number;
  /** Output columns a run. */
  readonly time: number;
  /** Where given, a bool [lanes, 1, 1], true in a lane's first run: its past is then the first value, repeated, not zeros. */
  readonly first?: Value;
}

// With fewer columns than this, the convolution kernel's vectors are mostly empty; a product over weight rows is quicker.
const fewColumns = 4;

/** [lanes, inputs, time * stride] -> [lanes, outputs, time]. */
export function streamingConvolution(graph: GraphBuilder, name: string, x: Value, convolution: Convolution): Value {
  const { weight, stride, first, time } = convolution;
  const [, inputs = 0, kernel = 0] = weight.shape;
  const pastLength = kernel - stride;
  let joined = x;
  if (pastLength > 0) {
    const state = graph.rollingState(name, [inputs, pastLength]);
    const past =
      first === undefined ? state.value : graph.node('Where', [first, slice(graph, x, 2, 0, 1), state.value]);
    joined = graph.node('Concat', [past, x], { axis: 2 });
    state.next(slice(graph, joined, 2, time * stride, time * stride + pastLength));
  }
  return time < fewColumns ? byProduct(graph, joined, convolution) : byKernel(graph, joined, convolution);
}

function byKernel(graph: GraphBuilder, joined: Value, { weight, bias, stride }: Convolution): Value {
  const weights = [graph.weight(weight), ...(bias === undefined ? [] : [graph.weight(bias)])];
  return graph.node('Conv', [joined, ...weights], { strides: [stride] });
}

/** Each output column is one row of the product: the kernel's window, [inputs * kernel], times the weights as stored. */
function byProduct(graph: GraphBuilder, joined: Value, { weight, bias, stride, time }: Convolution): Value {
  const [outputs = 0, inputs = 0, kernel = 0] = weight.shape;
  const windows = Array.from({ length: time }, (_, t) => {
    const window = slice(graph, joined, 2, t * stride, t * stride + kernel);
    return graph.node('Reshape', [window, graph.integers([-1, 1, inputs * kernel])]);
  });
  const rows = graph.node('Reshape', [concat(graph, windows, 1), graph.integers([-1, inputs * kernel])]);
  const weights = [
    graph.weight(weight, [outputs, inputs * kernel]),
    ...(bias === undefined ? [] : [graph.weight(bias)]),
  ];
  const product = graph.node('Gemm', [rows, ...weights], { transB: 1 }); // [lanes * time, outputs]
  const inTime = graph.node('Reshape', [product, graph.integers([-1, time, outputs])]);
  return graph.node('Transpose', [inTime], { perm: [0, 2, 1] });
}

/**
 * [lanes, inputs, time] -> [lanes, outputs, time * stride], kernel 2 * stride: each input column makes one output column group of
 * `stride` and adds to the next one.
 *
 *   input   t          t+1
 *   output  [ now(t)  ][ now(t+1) ]
 *                      [ later(t) ][ later(t+1) ]   the last `later` is state
 */
export function streamingTransposedConvolution(
  graph: GraphBuilder,
  name: string,
  x: Value,
  { weight, bias }: Required<ConvolutionWeights>,
  stride: number,
  time: number,
): Value {
  const [inputs = 0, outputs = 0] = weight.shape;
  const width = stride * outputs;
  const rows = graph.node('Reshape', [graph.node('Transpose', [x], { perm: [0, 2, 1] }), graph.integers([-1, inputs])]);
  const product = graph.node('Gemm', [
    rows,
    nowAndLater(graph, weight, stride), // [inputs, (now, later) * stride * outputs]
    biasOfNow(graph, graph.weight(bias), outputs, stride),
  ]);
  const columns = graph.node('Reshape', [product, graph.integers([-1, time, 2 * width])]);
  const [now, later] = graph.nodes('Split', [columns], 2, { axis: 2, num_outputs: 2 });
  const sum = addLater(graph, name, now, later, time, width); // [lanes, time, stride * outputs]
  const inTime = graph.node('Reshape', [sum, graph.integers([-1, time * stride, outputs])]);
  return graph.node('Transpose', [inTime], { perm: [0, 2, 1] });
}

/** The same for one input column and channels that do not mix: [lanes, channels, 1] -> [lanes, channels, stride]. */
export function streamingChannelwiseUpsample(
  graph: GraphBuilder,
  name: string,
  x: Value,
  weight: FileTensor,
  stride: number,
): Value {
  const [channels = 0] = weight.shape;
  const spread = graph.node('Mul', [x, graph.weight(weight, [channels, 2 * stride])]); // [lanes, channels, 2 * stride]
  const [now, later] = graph
    .nodes('Split', [spread], 2, { axis: 2, num_outputs: 2 })
    .map((half) => graph.node('Unsqueeze', [half, graph.integers([1])])) as [Value, Value];
  const state = graph.rollingState(name, [1, channels, stride]);
  const joined = graph.node('Concat', [state.value, later], { axis: 1 });
  state.next(slice(graph, joined, 1, 1, 2));
  const sum = graph.node('Add', [now, slice(graph, joined, 1, 0, 1)]);
  return graph.node('Squeeze', [sum, graph.integers([1])]);
}

/** now(t) + later(t - 1), both [lanes, time, width]. */
function addLater(graph: GraphBuilder, name: string, now: Value, later: Value, time: number, width: number): Value {
  const state = graph.rollingState(name, [1, width]);
  const joined = graph.node('Concat', [state.value, later], { axis: 1 });
  state.next(slice(graph, joined, 1, time, time + 1));
  return graph.node('Add', [now, slice(graph, joined, 1, 0, time)]);
}

/** The stored [inputs, outputs, (now, later) * stride] as [inputs, (now, later) * stride * outputs], folded at load. */
function nowAndLater(graph: GraphBuilder, weight: FileTensor, stride: number): Value {
  const [inputs = 0, outputs = 0] = weight.shape;
  const turned = graph.node('Transpose', [graph.weight(weight)], { perm: [0, 2, 1] });
  return graph.node('Reshape', [turned, graph.integers([inputs, 2 * stride * outputs])]);
}

/** The bias for each column of `now` and zeros for `later`, so that it counts once; folded at load. */
function biasOfNow(graph: GraphBuilder, bias: Value, outputs: number, stride: number): Value {
  const zeros = graph.narrow(graph.floats(Array(stride * outputs).fill(0)));
  return concat(graph, [...Array<Value>(stride).fill(bias), zeros], 0);
}

/** x where it is positive, else e^x - 1. The operator `Elu` is slower on a CPU and has no CUDA kernel from opset 22 on. */
export function elu(graph: GraphBuilder, x: Value): Value {
  const below = graph.node('Relu', [graph.node('Sub', [graph.narrow(graph.floats([1])), graph.node('Exp', [x])])]);
  return graph.node('Sub', [graph.node('Relu', [x]), below]);
}

function concat(graph: GraphBuilder, values: readonly Value[], axis: number): Value {
  const [only] = values;
  return values.length === 1 && only !== undefined ? only : graph.node('Concat', values, { axis });
}

/** Positions start to end (exclusive) of one axis. */
function slice(graph: GraphBuilder, x: Value, axis: number, start: number, end: number): Value {
  return graph.node('Slice', [x, graph.integers([start]), graph.integers([end]), graph.integers([axis])]);
}
