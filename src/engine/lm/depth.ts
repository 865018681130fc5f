/**
 * The depth transformer: from one frame's temporal output to its text token and the agent's codes, one step a codebook, the
 * steps unrolled in one graph (personaplex.md section 3). Steps for the user's codebooks are never needed and not built.
 */
import type { LmConfiguration, SamplingRule, SamplingRules } from '../checkpoint/configuration.ts';
import type { SafetensorsFile } from '../checkpoint/safetensors.ts';
import { gatedFeedForward, linear, normedStream, project, type Stream } from '../layers/dense.ts';
import { type FileTensor, type FloatType, GraphBuilder, type LaneGraph, type Value } from '../onnx/graph-builder.ts';
import { noiseFromUniform, preferGiven, sample } from './sampling.ts';
import { type StepAttention, stepAttention } from './step-attention.ts';

/** What the noise inputs hold: T times Gumbel noise, or the uniform u that the graph makes it from. */
export type NoiseKind = 'gumbel' | 'uniform';

/**
 * Inputs   hidden [dim], text_logits [textCard], given [1 + codebooks] (negative: sample), text_noise [k], audio_noise [codebooks * k]
 * Outputs  tokens [1 + codebooks]: text, agent codes; audio_logits [codebooks * card]
 */
export function depthGraph(
  lm: LmConfiguration,
  file: SafetensorsFile,
  rules: SamplingRules,
  type: FloatType = 'float32',
  noiseIs: NoiseKind = 'gumbel',
): LaneGraph {
  const { depth, codebooks, card } = lm;
  const noiseOf = (given: Value, rule: SamplingRule): Value =>
    noiseIs === 'gumbel' ? given : noiseFromUniform(graph, given, rule);
  const graph = new GraphBuilder('depth', type);
  const hidden = graph.input('hidden', type, [lm.dim], { place: 'graphs' });
  const textLogits = graph.input('text_logits', 'float32', [lm.textCard], { place: 'graphs' });
  const given = splitColumns(graph, graph.input('given', 'int64', [1 + codebooks]), 1 + codebooks);
  const textNoise = graph.input('text_noise', 'float32', [rules.text.topK]);
  const audioNoise = graph.input('audio_noise', 'float32', [codebooks * rules.audio.topK]);
  const allNoise = noiseOf(audioNoise, rules.audio);
  const noise = graph.nodes('Split', [allNoise], codebooks, { axis: 1, num_outputs: codebooks });

  const text = sample(graph, textLogits, noiseOf(textNoise, rules.text), rules.text, lm.textCard);
  const tokens = [preferGiven(graph, at(given, 0), text)];
  const logits: Value[] = [];
  const zeros = (): Value => graph.node('Mul', [at(given, 0), graph.integers([0], [])]);
  const attend = stepAttention(graph, depth, codebooks, zeros);
  for (let step = 0; step < codebooks; step++) {
    const table =
      step === 0
        ? file.weight('depformer_text_emb.weight', [lm.textCard + 1, depth.dim])
        : file.weight(`depformer_emb.${step - 1}.weight`, [card + 1, depth.dim]);
    const previous = graph.node('Gather', [graph.weight(table), at(tokens, step)]); // [lanes, depth dim]
    const input = project(graph, hidden, file.weight(`depformer_in.${step}.weight`, [depth.dim, lm.dim]), previous);
    const output = depthStep(graph, input, step, lm, file, attend);
    const narrowLogits = linear(graph, output, file.weight(`linears.${step}.weight`, [card, depth.dim]));
    const stepLogits = graph.widen(narrowLogits);
    logits.push(stepLogits);
    const drawn = sample(graph, stepLogits, at(noise, step), rules.audio, card);
    tokens.push(preferGiven(graph, at(given, step + 1), drawn));
  }
  const columns = tokens.map((token) => graph.node('Unsqueeze', [token, graph.integers([1])]));
  graph.output('tokens', graph.node('Concat', columns, { axis: 1 }), 'int64', [1 + codebooks]);
  graph.output('audio_logits', graph.node('Concat', logits, { axis: 1 }), 'float32', [codebooks * card], {
    place: 'graphs',
  });
  return graph.finish();
}

/** All layers for one step: [lanes, depth dim] -> the same. Each step has weights of its own, stored one after another. */
function depthStep(
  graph: GraphBuilder,
  input: Stream,
  step: number,
  lm: LmConfiguration,
  file: SafetensorsFile,
  attend: StepAttention,
): Value {
  const { dim, hidden, storedSteps } = lm.depth;
  let stream = input;
  for (let layer = 0; layer < lm.depth.layers; layer++) {
    const name = `depformer.layers.${layer}`;
    const weight = (part: string, shape: readonly number[]) => file.weight(`${name}.${part}`, shape);
    const ofStep = (part: string, rows: number) => rowsOf(weight(part, [storedSteps * rows, dim]), step * rows, rows);
    const before = normedStream(graph, stream, weight('norm1.alpha', [1, 1, dim]), dim);
    const joined = linear(graph, before.normed, ofStep('self_attn.in_proj_weight', 3 * dim));
    const attended = attend(layer, step, joined);
    stream = project(graph, attended, ofStep('self_attn.out_proj.weight', dim), before.x);
    const between = normedStream(graph, stream, weight('norm2.alpha', [1, 1, dim]), dim);
    stream = gatedFeedForward(
      graph,
      between.normed,
      weight(`gating.${step}.linear_in.weight`, [2 * hidden, dim]),
      weight(`gating.${step}.linear_out.weight`, [dim, hidden]),
      between.x,
    );
  }
  return stream.addend === null ? stream.sum : graph.node('Add', [stream.sum, stream.addend]);
}

/** Rows `start` to `start + count` of a stored matrix, as a tensor of their own in the same file. */
function rowsOf(tensor: FileTensor, start: number, count: number): FileTensor {
  const [rows = 0, ...rest] = tensor.shape;
  const rowBytes = tensor.byteLength / rows;
  return {
    ...tensor,
    name: `${tensor.name}[${start}]`,
    shape: [count, ...rest],
    offset: tensor.offset + start * rowBytes,
    byteLength: count * rowBytes,
  };
}

/** [lanes, count] -> count times [lanes] */
function splitColumns(graph: GraphBuilder, values: Value, count: number): readonly Value[] {
  return graph
    .nodes('Split', [values], count, { axis: 1, num_outputs: count })
    .map((column) => graph.node('Squeeze', [column, graph.integers([1])]));
}

function at(values: readonly Value[], index: number): Value {
  const value = values[index];
  if (value === undefined) throw new Error(`no value ${index} of ${values.length}`);
  return value;
}
