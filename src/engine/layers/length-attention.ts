/**
 * The ring of ring-attention.ts where the kernel is told how many slots hold something, instead of a mask: what a GPU's fused
 * attention takes, which then reads no slot more. It knows no order of slots, so each run has either one position a lane, or
 * positions of a ring that has not wrapped yet.
 */
import type { FileTensor, GraphBuilder, Value } from '../onnx/graph-builder.ts';
import { linear } from './dense.ts';
import type { AttentionSizes } from './ring-attention.ts';

/** What every layer shares in a run of `rows` positions: `steps` of each of the lanes. */
export interface LengthClock {
  /** [rows, 1, head dim / 2] */
  readonly cosines: Value;
  readonly sines: Value;
  /** First slot to write: int64 [lanes]. */
  readonly slot: Value;
  /** Slots that hold something once this run's are written: int64 [lanes]. */
  readonly length: Value;
  /** lanes, steps, dim; one of the first two is -1. */
  readonly runShape: Value;
}

const nothing = '' as Value;

/** @param position of each row, counted from 0: int64 [rows] */
export function lengthClock(
  graph: GraphBuilder,
  position: Value,
  run: Pick<LengthClock, 'slot' | 'length' | 'runShape'>,
  sizes: Pick<AttentionSizes, 'dim' | 'heads' | 'maxPeriod'>,
): LengthClock {
  const halfHead = sizes.dim / sizes.heads / 2;
  const frequencies = Array.from({ length: halfHead }, (_, i) => Math.exp((-Math.log(sizes.maxPeriod) * i) / halfHead));
  const positions = graph.node('Cast', [graph.node('Unsqueeze', [position, graph.integers([1, 2])])], { to: 1 });
  const angles = graph.node('Mul', [positions, graph.floats(frequencies)]); // [rows, 1, halfHead]
  return {
    ...run,
    cosines: graph.narrow(graph.node('Cos', [angles])),
    sines: graph.narrow(graph.node('Sin', [angles])),
  };
}

/** x [rows, dim] -> heads joined again, before the output projection. Keys and values become state `name`.k and .v. */
export function lengthAttention(
  graph: GraphBuilder,
  name: string,
  x: Value,
  inProjection: FileTensor,
  clock: LengthClock,
  { dim, heads, slots }: AttentionSizes,
): Value {
  const joined = graph.node('Reshape', [linear(graph, x, inProjection), graph.integers([-1, 1, 3 * dim])]);
  const [queriesAndKeys, values] = graph.nodes('Split', [joined, graph.integers([2 * dim, dim])], 2, { axis: 2 });
  const rotated = graph.node('RotaryEmbedding', [queriesAndKeys, clock.cosines, clock.sines], {
    interleaved: 1,
    num_heads: 2 * heads,
  });
  const inRun = (rows: Value): Value => graph.node('Reshape', [rows, clock.runShape]); // [lanes, steps, dim]
  const [queries, keys] = graph.nodes('Split', [rotated], 2, { axis: 2, num_outputs: 2 });
  const write = (part: string, rows: Value): Value => {
    const ring = graph.state(`${name}.${part}`, [slots, dim]);
    const written = graph.node('TensorScatter', [ring.value, inRun(rows), clock.slot], { axis: 1, mode: 'circular' });
    ring.next(written);
    return written;
  };
  const keyRing = write('k', keys);
  const valueRing = write('v', values);
  const attended = graph.node(
    'Attention',
    [inRun(queries), keyRing, valueRing, nothing, nothing, nothing, clock.length],
    { q_num_heads: heads, kv_num_heads: heads, is_causal: 1 },
  );
  return graph.node('Reshape', [attended, graph.integers([-1, dim])]);
}
