/**
 * Causal attention over the last positions, kept in a ring: position p lives in slot p mod slots.
 *
 *   slot      0    1    2    3    4         5 slots, positions 7 and 8 just written
 *   holds     5    6    7    8    4         query 7 sees 4 5 6 7, query 8 sees 4 5 6 7 8
 *
 * All positions of a run are written before any attends, so with two positions a run the first of them no longer sees the
 * oldest one of its window, as in the published code.
 */
import type { FileTensor, GraphBuilder, Value } from '../onnx/graph-builder.ts';
import { linear } from './dense.ts';

export interface AttentionSizes {
  readonly dim: number;
  readonly heads: number;
  readonly slots: number;
  readonly maxPeriod: number;
  /** Positions in one run. */
  readonly steps: number;
}

/**
 * The published ring has `context` slots, but takes its oldest one for a position still to come and masks it: what is attended
 * are the last context - 1 positions, this one included [the golden vectors show it from the first wrap on].
 */
export function ringSlots(context: number): number {
  return context - 1;
}

// Finite, also in float16, because ONNX Runtime's softmax expects finite scores; the weight that it makes is 0.
const masked = -6e4;

/** What every layer of one transformer shares in a run. */
export interface RingClock {
  /** [lanes, steps, head dim / 2] */
  readonly cosines: Value;
  readonly sines: Value;
  /** First slot to write: [lanes]. */
  readonly slot: Value;
  /** 0 where a query may look, `masked` elsewhere: [lanes, 1, steps, slots]. */
  readonly mask: Value;
}

/** @param position of the first step of this run, counted from 0: int64 [lanes] */
export function ringClock(graph: GraphBuilder, position: Value, sizes: AttentionSizes): RingClock {
  const { slots, steps } = sizes;
  const halfHead = sizes.dim / sizes.heads / 2;
  const frequencies = Array.from({ length: halfHead }, (_, i) => Math.exp((-Math.log(sizes.maxPeriod) * i) / halfHead));
  const first = graph.node('Unsqueeze', [position, graph.integers([1])]); // [lanes, 1]
  const positions = graph.node('Add', [first, graph.integers(range(steps))]); // [lanes, steps]
  const angles = graph.node('Mul', [
    graph.node('Cast', [graph.node('Unsqueeze', [positions, graph.integers([2])])], { to: 1 }),
    graph.floats(frequencies),
  ]); // [lanes, steps, halfHead]

  const last = graph.node('Add', [first, graph.integers([steps - 1])]); // [lanes, 1]
  const age = graph.node('Mod', [graph.node('Sub', [last, graph.integers(range(slots))]), graph.integers([slots])]);
  const held = graph.node('Unsqueeze', [graph.node('Sub', [last, age]), graph.integers([1])]); // [lanes, 1, slots]
  const query = graph.node('Unsqueeze', [positions, graph.integers([2])]); // [lanes, steps, 1]
  const allowed = graph.node('And', [
    graph.node('GreaterOrEqual', [held, graph.integers([0])]),
    graph.node('LessOrEqual', [held, query]),
  ]);
  const mask = graph.node('Where', [allowed, graph.floats([0]), graph.floats([masked])]);
  return {
    cosines: graph.narrow(graph.node('Cos', [angles])),
    sines: graph.narrow(graph.node('Sin', [angles])),
    slot: graph.node('Mod', [position, graph.integers([slots])]),
    mask: graph.narrow(graph.node('Unsqueeze', [mask, graph.integers([1])])),
  };
}

/** x [lanes * steps, dim] -> heads joined again, before the output projection. Keys and values become state `name`.k and .v. */
export function ringAttention(
  graph: GraphBuilder,
  name: string,
  x: Value,
  inProjection: FileTensor,
  clock: RingClock,
  sizes: AttentionSizes,
): Value {
  const { dim, heads, steps, slots } = sizes;
  const joined = graph.node('Reshape', [linear(graph, x, inProjection), graph.integers([-1, steps, 3 * dim])]);
  const [queriesAndKeys, values] = graph.nodes('Split', [joined, graph.integers([2 * dim, dim])], 2, { axis: 2 });
  const rotated = graph.node('RotaryEmbedding', [queriesAndKeys, clock.cosines, clock.sines], {
    interleaved: 1,
    num_heads: 2 * heads,
  });
  const [queries, keys] = graph.nodes('Split', [rotated], 2, { axis: 2, num_outputs: 2 });
  const keyRing = writeRing(graph, `${name}.k`, keys, clock.slot, [slots, dim]);
  const valueRing = writeRing(graph, `${name}.v`, values, clock.slot, [slots, dim]);
  const attended = graph.node('Attention', [queries, keyRing, valueRing, clock.mask], {
    q_num_heads: heads,
    kv_num_heads: heads,
  }); // [lanes, steps, dim]
  return graph.node('Reshape', [attended, graph.integers([-1, dim])]);
}

/** The ring [lanes, slots, dim] with this run's rows [lanes, steps, dim] in their slots; nothing else is copied. */
function writeRing(graph: GraphBuilder, name: string, rows: Value, slot: Value, shape: readonly number[]): Value {
  const ring = graph.state(name, shape);
  const written = graph.node('TensorScatter', [ring.value, rows, slot], { axis: 1, mode: 'circular' });
  ring.next(written);
  return written;
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i);
}
