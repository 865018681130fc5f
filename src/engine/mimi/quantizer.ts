/**
 * The split residual vector quantizer: one semantic codebook, then the acoustic ones, each group with projections of its own
 * (personaplex.md section 2). Always in float32: a code is the nearest of 2048.
 */
import type { MimiConfiguration } from '../checkpoint/configuration.ts';
import type { SafetensorsFile } from '../checkpoint/safetensors.ts';
import { linear } from '../layers/dense.ts';
import type { FileTensor, GraphBuilder, Value } from '../onnx/graph-builder.ts';

/** [lanes, dim] -> codes, int64 [lanes, codebooks] */
export function quantize(graph: GraphBuilder, latent: Value, mimi: MimiConfiguration, file: SafetensorsFile): Value {
  const codes: Value[] = [];
  for (const group of groups(mimi)) {
    let rest = linear(
      graph,
      latent,
      projection(file, `${group.name}.input_proj`, mimi.codebookDim, mimi.dim),
      undefined,
      'float32',
    );
    for (let level = 0; level < group.levels; level++) {
      const centroids = codebook(graph, `${group.name}.vq.layers.${level}`, mimi, file); // [card, codebook dim]
      const code = nearest(graph, rest, centroids); // [lanes]
      codes.push(graph.node('Unsqueeze', [code, graph.integers([1])]));
      if (level + 1 < group.levels) rest = graph.node('Sub', [rest, graph.node('Gather', [centroids, code])]);
    }
  }
  return graph.node('Concat', codes, { axis: 1 });
}

/** codes, int64 [lanes, codebooks] -> [lanes, dim] */
export function dequantize(graph: GraphBuilder, codes: Value, mimi: MimiConfiguration, file: SafetensorsFile): Value {
  let latent: Value | undefined;
  let column = 0;
  for (const group of groups(mimi)) {
    let sum: Value | undefined;
    for (let level = 0; level < group.levels; level++) {
      const centroids = codebook(graph, `${group.name}.vq.layers.${level}`, mimi, file);
      const code = graph.node('Gather', [codes, graph.integers([column], [])], { axis: 1 }); // [lanes]
      const centroid = graph.node('Gather', [centroids, code]);
      sum = sum === undefined ? centroid : graph.node('Add', [sum, centroid]);
      column += 1;
    }
    const weight = projection(file, `${group.name}.output_proj`, mimi.dim, mimi.codebookDim);
    if (sum !== undefined) latent = linear(graph, sum, weight, latent, 'float32');
  }
  if (latent === undefined) throw new Error('a codec without codebooks');
  return latent;
}

function groups(mimi: MimiConfiguration): readonly { readonly name: string; readonly levels: number }[] {
  return [
    { name: 'quantizer.rvq_first', levels: 1 },
    { name: 'quantizer.rvq_rest', levels: mimi.codebooks - 1 },
  ];
}

/** A 1 x 1 convolution, used as the matrix that it is. */
function projection(file: SafetensorsFile, name: string, outputs: number, inputs: number): FileTensor {
  return { ...file.weight(`${name}.weight`, [outputs, inputs, 1]), shape: [outputs, inputs] };
}

/** embedding_sum / max(cluster_usage, 1e-5): [card, codebook dim], computed at load. */
function codebook(graph: GraphBuilder, name: string, mimi: MimiConfiguration, file: SafetensorsFile): Value {
  const sums = graph.weight(
    file.weight(`${name}._codebook.embedding_sum`, [mimi.card, mimi.codebookDim]),
    undefined,
    'float32',
  );
  const usage = graph.weight(file.weight(`${name}._codebook.cluster_usage`, [mimi.card]), [mimi.card, 1], 'float32');
  return graph.node('Div', [sums, graph.node('Max', [usage, graph.floats([1e-5])])]);
}

/** The centroid of least |x - c|^2, which is the one of greatest x c - |c|^2 / 2: int64 [lanes]. */
function nearest(graph: GraphBuilder, x: Value, centroids: Value): Value {
  const squares = graph.node('ReduceSumSquare', [centroids, graph.integers([1])], { keepdims: 0 });
  const offset = graph.node('Mul', [squares, graph.floats([-0.5])]); // [card]
  const closeness = graph.node('Gemm', [x, centroids, offset], { transB: 1 }); // [lanes, card]
  return graph.node('ArgMax', [closeness], { axis: 1, keepdims: 0 });
}
