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
  /** By position: [positionsTold, head dim / 2] */
  readonly cosines: Value;
  readonly sines: Value;
  /** [lanes, steps] */
  readonly positions: Value;
  /** Last slot that holds something once this run's rows are written: int32 [lanes]. */
  readonly lastSlot: Value;
  /** Slots in use, at most: int32 [1], on the host. More than the rows of a run that does not begin at position 0. */
  readonly mostSlots: Value;
  /** lanes, steps, 3 * dim; one of the first two is -1. */
  readonly runShape: Value;
}

/** Rotary angles are in a table of so many positions: 43 minutes. A lane that goes on longer stays at the last one. */
export const positionsTold = 32_768;

/** @param position of each row, counted from 0: int64 [rows] @param length slots that hold something: int64 [lanes] */
export function lengthClock(
  graph: GraphBuilder,
  position: Value,
  run: { readonly length: Value; readonly mostSlots: Value; readonly runShape: Value; readonly stepShape: Value },
  sizes: Pick<AttentionSizes, 'dim' | 'heads' | 'maxPeriod'>,
): LengthClock {
  const halfHead = sizes.dim / sizes.heads / 2;
  const frequencies = Array.from({ length: halfHead }, (_, i) => Math.exp((-Math.log(sizes.maxPeriod) * i) / halfHead));
  const [first, end, step] = [0, positionsTold, 1].map((each) => graph.floats([each], [])) as [Value, Value, Value];
  const all = graph.node('Unsqueeze', [graph.node('Range', [first, end, step]), graph.integers([1])]);
  const angles = graph.node('Mul', [all, graph.floats(frequencies)]); // folded at load, as what follows
  return {
    cosines: graph.narrow(graph.node('Cos', [angles])),
    sines: graph.narrow(graph.node('Sin', [angles])),
    positions: graph.node('Reshape', [position, run.stepShape]),
    lastSlot: graph.node('Cast', [graph.node('Sub', [run.length, graph.integers([1], [])])], { to: 6 }),
    mostSlots: run.mostSlots,
    runShape: run.runShape,
  };
}

const nothing = '' as Value;

/**
 * x [rows, dim] -> heads joined again, before the output projection. Keys and values become state `name`.k and .v. One operator takes the
 * joined projections apart, turns queries and keys, appends and attends.
 */
export function lengthAttention(
  graph: GraphBuilder,
  name: string,
  x: Value,
  inProjection: FileTensor,
  clock: LengthClock,
  { dim, heads, slots }: AttentionSizes,
): Value {
  const joined = graph.node('Reshape', [linear(graph, x, inProjection), clock.runShape]); // [lanes, steps, 3 * dim]
  const keyRing = graph.state(`${name}.k`, [heads, slots, dim / heads], 1);
  const valueRing = graph.state(`${name}.v`, [heads, slots, dim / heads], 1);
  const { lastSlot, mostSlots, cosines, sines, positions } = clock;
  const [attended, nextKeys, nextValues] = graph.nodes(
    'com.microsoft.GroupQueryAttention',
    [joined, nothing, nothing, keyRing.value, valueRing.value, lastSlot, mostSlots, cosines, sines, positions],
    3,
    { num_heads: heads, kv_num_heads: heads, do_rotary: 1, rotary_interleaved: 1 },
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
