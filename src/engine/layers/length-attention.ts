/**
 * The ring of ring-attention.ts where the kernel is told how many slots hold something, instead of a mask: what a GPU's fused
 * attention takes, which then reads no slot more. It appends to the slots before, so the newest position of a full ring is
 * always in its last slot. Before the next one is written there, it moves to the slot of the oldest one (`relocation`):
 *
 *   slot      0    1    2    3    4         5 slots
 *   holds     5    6    7    4    8         position 8 just written
 *             5    6    7    8    8         before position 9: 8 takes the place of 4
 *             5    6    7    8    9
 *
 * Attention does not care about the order of slots, since positions were turned into the keys before.
 */
import type { FileTensor, GraphBuilder, Value } from '../onnx/graph-builder.ts';
import { linear } from './dense.ts';
import type { AttentionSizes } from './ring-attention.ts';

/** What every layer shares in a run of several rows: one position of each lane, or several of one. */
export interface LengthClock {
  /** [rows, 1, head dim / 2] */
  readonly cosines: Value;
  readonly sines: Value;
  /** Last slot that holds something once this run's rows are written: int32 [lanes]. */
  readonly lastSlot: Value;
  /** Slots in use, at most: int32 [1], on the host. More than the rows of a run that does not begin at position 0. */
  readonly mostSlots: Value;
  /** lanes, steps, dim; one of the first two is -1. */
  readonly runShape: Value;
}

/** @param position of each row, counted from 0: int64 [rows] @param length slots that hold something: int64 [lanes] */
export function lengthClock(
  graph: GraphBuilder,
  position: Value,
  run: { readonly length: Value; readonly mostSlots: Value; readonly runShape: Value },
  sizes: Pick<AttentionSizes, 'dim' | 'heads' | 'maxPeriod'>,
): LengthClock {
  const halfHead = sizes.dim / sizes.heads / 2;
  const frequencies = Array.from({ length: halfHead }, (_, i) => Math.exp((-Math.log(sizes.maxPeriod) * i) / halfHead));
  const positions = graph.node('Cast', [graph.node('Unsqueeze', [position, graph.integers([1, 2])])], { to: 1 });
  const angles = graph.node('Mul', [positions, graph.floats(frequencies)]); // [rows, 1, halfHead]
  return {
    cosines: graph.narrow(graph.node('Cos', [angles])),
    sines: graph.narrow(graph.node('Sin', [angles])),
    lastSlot: graph.node('Cast', [graph.node('Sub', [run.length, graph.integers([1], [])])], { to: 6 }),
    mostSlots: run.mostSlots,
    runShape: run.runShape,
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
  const keyRing = graph.state(`${name}.k`, [heads, slots, dim / heads], 1);
  const valueRing = graph.state(`${name}.v`, [heads, slots, dim / heads], 1);
  const [attended, nextKeys, nextValues] = graph.nodes(
    'com.microsoft.GroupQueryAttention',
    [inRun(queries), inRun(keys), inRun(values), keyRing.value, valueRing.value, clock.lastSlot, clock.mostSlots],
    3,
    { num_heads: heads, kv_num_heads: heads },
  );
  keyRing.next(nextKeys);
  valueRing.next(nextValues);
  return graph.node('Reshape', [attended, graph.integers([-1, dim])]);
}

/**
 * Copies the last slot of a state's ring to another one.
 * @param slot int64 [lanes]; the last one itself where the ring is not full
 */
export function relocate(
  graph: GraphBuilder,
  name: string,
  slot: Value,
  { dim, heads, slots }: Pick<AttentionSizes, 'dim' | 'heads' | 'slots'>,
): void {
  const ring = graph.state(name, [heads, slots, dim / heads], 1);
  const edges = [slots - 1, slots, 2].map((each) => graph.integers([each]));
  const newest = graph.node('Slice', [ring.value, ...edges]); // [lanes, heads, 1, head dim]
  ring.next(graph.node('TensorScatter', [ring.value, newest, slot], { axis: 2 }));
}
