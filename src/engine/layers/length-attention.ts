/**
 * Attention by one operator that takes the joined projections apart, turns queries and keys by the slot that the keys are written to,
 * appends, and attends to the slots before: what a GPU's fused attention does (GroupQueryAttention), which then reads no slot more.
 * Slots are positions here; linear-cache.ts makes room when they run out.
 */
import type { FileTensor, GraphBuilder, Value } from '../onnx/graph-builder.ts';
import { linear } from './dense.ts';
import type { AttentionSizes } from './ring-attention.ts';

/** What every layer shares in a run of several rows: one position of each lane, or several of one. */
export interface LengthClock {
  /** By slot: [slots, head dim / 2] */
  readonly cosines: Value;
  readonly sines: Value;
  /** Last slot that holds something once this run's rows are written: int32 [lanes]. */
  readonly lastSlot: Value;
  /** Slots in use, at most: int32 [1], on the host. More than the rows of a run that does not begin at slot 0. */
  readonly mostSlots: Value;
  /** lanes, steps, 3 * dim; one of the first two is -1. */
  readonly runShape: Value;
  /** Where a head is no multiple of 16, which the operator refuses to turn: the rows' slots, [lanes, steps]. */
  readonly rowSlots: Value | null;
}

/** Whether the operator turns queries and keys by itself. */
export function turnsInside({ dim, heads }: Pick<AttentionSizes, 'dim' | 'heads'>): boolean {
  return (dim / heads) % 16 === 0;
}

/** @param length slots that hold something: int64 [lanes] */
export function lengthClock(
  graph: GraphBuilder,
  run: {
    readonly length: Value;
    readonly mostSlots: Value;
    readonly runShape: Value;
    readonly rowSlots: Value | null;
  },
  sizes: Pick<AttentionSizes, 'dim' | 'heads' | 'maxPeriod' | 'slots'>,
): LengthClock {
  const halfHead = sizes.dim / sizes.heads / 2;
  const frequencies = Array.from({ length: halfHead }, (_, i) => Math.exp((-Math.log(sizes.maxPeriod) * i) / halfHead));
  const [first, end, step] = [0, sizes.slots, 1].map((each) => graph.floats([each], [])) as [Value, Value, Value];
  const all = graph.node('Unsqueeze', [graph.node('Range', [first, end, step]), graph.integers([1])]);
  const angles = graph.node('Mul', [all, graph.floats(frequencies)]); // folded at load, as what follows
  return {
    cosines: graph.narrow(graph.node('Cos', [angles])),
    sines: graph.narrow(graph.node('Sin', [angles])),
    lastSlot: graph.node('Cast', [graph.node('Sub', [run.length, graph.integers([1], [])])], { to: 6 }),
    mostSlots: run.mostSlots,
    runShape: run.runShape,
    rowSlots: run.rowSlots,
  };
}

const nothing = '' as Value;

/**
 * x [rows, dim] -> heads joined again, before the output projection. Keys and values become state `name`.k and .v.
 * @param window positions attended to at most, its own included; null: all
 */
export function lengthAttention(
  graph: GraphBuilder,
  name: string,
  x: Value,
  inProjection: FileTensor,
  clock: LengthClock,
  sizes: AttentionSizes,
  window: number | null,
): Value {
  const { dim, heads, slots } = sizes;
  const joined = graph.node('Reshape', [linear(graph, x, inProjection), clock.runShape]); // [lanes, steps, 3 * dim]
  const keyRing = graph.state(`${name}.k`, [heads, slots, dim / heads], 1);
  const valueRing = graph.state(`${name}.v`, [heads, slots, dim / heads], 1);
  const held = [keyRing.value, valueRing.value, clock.lastSlot, clock.mostSlots];
  const { rowSlots } = clock;
  const inputs =
    rowSlots === null
      ? [joined, nothing, nothing, ...held, clock.cosines, clock.sines]
      : [...turned(graph, joined, clock, rowSlots, sizes), ...held];
  const [attended, nextKeys, nextValues] = graph.nodes('com.microsoft.GroupQueryAttention', inputs, 3, {
    num_heads: heads,
    kv_num_heads: heads,
    ...(rowSlots === null ? { do_rotary: 1, rotary_interleaved: 1 } : {}),
    ...(window === null ? {} : { local_window_size: window }),
  });
  keyRing.next(nextKeys);
  valueRing.next(nextValues);
  return graph.node('Reshape', [attended, graph.integers([-1, dim])]);
}

/** Queries, keys, values [lanes, steps, dim] of the joined projections, the first two turned. */
function turned(
  graph: GraphBuilder,
  joined: Value,
  { cosines, sines }: LengthClock,
  rowSlots: Value,
  { dim, heads }: AttentionSizes,
): readonly Value[] {
  const [both, values] = graph.nodes('Split', [joined, graph.integers([2 * dim, dim])], 2, { axis: 2 });
  const rotary = { interleaved: 1, num_heads: 2 * heads };
  const rotated = graph.node('RotaryEmbedding', [both, cosines, sines, rowSlots], rotary);
  return [...graph.nodes('Split', [rotated], 2, { axis: 2, num_outputs: 2 }), values];
}
