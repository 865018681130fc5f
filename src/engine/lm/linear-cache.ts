/**
 * Keys and values in the order of their positions, from the first slot on: what a fused attention appends to and turns by the slot.
 * When a lane's slots run out, its oldest positions are dropped and the others move down, in a run of its own between frames; their
 * keys are turned back by as many positions, so that distances stay what they were.
 *
 *   slot                 0  1  2  3  4  5  6  7        2 positions pinned
 *   holds                P  P  5  6  7  8  9           before: position 9 is the newest
 *   3 dropped            P  P  8  9                    8 and 9 as if they were the 2nd and 3rd
 */
import type { LmConfiguration } from '../checkpoint/configuration.ts';
import { LaneModule } from '../lanes/lane-module.ts';
import { type FloatType, GraphBuilder, type LaneGraph, type Value } from '../onnx/graph-builder.ts';
import type { OrtRuntime, SessionOptions } from '../ort/session.ts';
import { type CacheLayout, roomOf } from './cache-layout.ts';

interface CacheLane {
  /** Positions that are no longer held. */
  dropped: number;
  /** First slots that are never given up. */
  pinned: number;
}

export class LinearCache {
  readonly #lm: LmConfiguration;
  readonly #layout: CacheLayout;
  readonly #compaction: LaneModule;
  readonly #lanes: readonly CacheLane[];
  /** Room is made early where less is left, so that lanes that began together do not all wait for the last slot. */
  readonly #soon: number;
  readonly #earlyARun: number;

  /** @param temporal whose states these are */
  constructor(
    runtime: OrtRuntime,
    lm: LmConfiguration,
    layout: CacheLayout,
    type: FloatType,
    lanes: number,
    temporal: LaneModule,
    options: SessionOptions,
  ) {
    this.#lm = lm;
    this.#layout = layout;
    const rings = new Map(temporal.graph.states.map(({ name }) => [name, temporal.tensor(name)]));
    this.#compaction = new LaneModule(runtime, compactionGraph(lm, layout.slots, type), lanes, options, rings);
    this.#lanes = Array.from({ length: lanes }, () => ({ dropped: 0, pinned: 0 }));
    this.#soon = Math.floor(roomOf(layout.slots) / 2);
    this.#earlyARun = Math.ceil(lanes / Math.max(1, this.#soon));
  }

  /** Where the lane's position lies, or will. */
  slot(lane: number, position: number): number {
    return position - this.#lane(lane).dropped;
  }

  dropped(lane: number): number {
    return this.#lane(lane).dropped;
  }

  /** A lane begins with `held` slots filled: a persona, which is pinned where the policy says so. */
  begin(lane: number, dropped: number, held: number): void {
    const state = this.#lane(lane);
    state.dropped = dropped;
    state.pinned = this.#layout.policy === 'pin-persona' ? held : 0;
  }

  /**
   * Makes room in the lanes whose next position has none, and in a few of those that will need it soon.
   * @param positions next position of each lane, by lane
   */
  async makeRoom(positions: readonly number[]): Promise<void> {
    const { slots } = this.#layout;
    const left = positions.map((position, lane) => ({ lane, position, left: slots - this.slot(lane, position) }));
    const full = left.filter((each) => each.left <= 0);
    const soon = left.filter((each) => each.left > 0 && each.left <= this.#soon);
    soon.sort((a, b) => a.left - b.left);
    for (const { lane, position } of [...full, ...soon.slice(0, this.#earlyARun)]) await this.#compact(lane, position);
  }

  close(): void {
    this.#compaction.close();
  }

  async #compact(lane: number, position: number): Promise<void> {
    const { window, slots } = this.#layout;
    const state = this.#lane(lane);
    const held = this.slot(lane, position);
    // Within a window the next position sees the last window - 1.
    const count = window === null ? roomOf(slots) : held - (window - 1);
    const dropped = Math.min(count, held - state.pinned);
    if (dropped <= 0) return;
    const { cosine, sine } = this.#angles(dropped);
    const inputs = new Map<string, Float32Array | readonly number[]>([
      ['cosine', cosine],
      ['sine', sine],
      ['target', [state.pinned]],
    ]);
    await this.#compaction.runRows(lane, 1, inputs, new Map([['from', [state.pinned + dropped]]]));
    state.dropped += dropped;
  }

  /** Of a turn by so many positions, for each pair of a head. */
  #angles(positions: number): { readonly cosine: Float32Array; readonly sine: Float32Array } {
    const halfHead = this.#lm.dim / this.#lm.heads / 2;
    const angles = Array.from(
      { length: halfHead },
      (_, i) => positions * Math.exp((-Math.log(this.#lm.maxPeriod) * i) / halfHead),
    );
    return { cosine: Float32Array.from(angles, Math.cos), sine: Float32Array.from(angles, Math.sin) };
  }

  #lane(lane: number): CacheLane {
    const found = this.#lanes[lane];
    if (found === undefined) throw new Error(`no lane ${lane}`);
    return found;
  }
}

/**
 * Moves what a lane holds from slot `from` on to slot `target`, keys turned back.
 * Inputs   target [], cosine, sine [head dim / 2]; the setting from
 * States   those of the temporal transformer
 */
function compactionGraph(lm: LmConfiguration, slots: number, type: FloatType): LaneGraph {
  const graph = new GraphBuilder('compaction', type);
  const target = graph.input('target', 'int64', []);
  const headDim = lm.dim / lm.heads;
  const angle = (name: string): Value => {
    const given = graph.input(name, 'float32', [headDim / 2], { place: 'graphs' });
    return graph.node('Reshape', [given, graph.integers([1, 1, 1, headDim / 2, 1])]);
  };
  const turn = { cosine: angle('cosine'), sine: angle('sine') };
  const from = graph.setting('from', 'int64', 1);
  for (let layer = 0; layer < lm.layers; layer++) {
    for (const part of ['k', 'v']) {
      const held = graph.state(`layer.${layer}.${part}`, [lm.heads, slots, headDim], 1);
      const kept = graph.node('Slice', [held.value, from, graph.integers([slots]), graph.integers([2])]);
      const moved = part === 'k' ? turnedBack(graph, kept, turn, lm.heads, headDim) : kept;
      held.next(graph.node('TensorScatter', [held.value, moved, target], { axis: 2 }));
    }
  }
  return graph.finish();
}

/** keys [lanes, heads, count, head dim], whose pairs of neighbours were turned by their position; in float32, rounded once. */
function turnedBack(
  graph: GraphBuilder,
  keys: Value,
  { cosine, sine }: { readonly cosine: Value; readonly sine: Value },
  heads: number,
  headDim: number,
): Value {
  const pairs = graph.node('Reshape', [graph.widen(keys), graph.integers([0, 0, -1, headDim / 2, 2])]);
  const [x, y] = graph.nodes('Split', [pairs], 2, { axis: 4, num_outputs: 2 });
  const product = (a: Value, b: Value): Value => graph.node('Mul', [a, b]);
  const turnedX = graph.node('Add', [product(x, cosine), product(y, sine)]);
  const turnedY = graph.node('Sub', [product(y, cosine), product(x, sine)]);
  const joined = graph.node('Concat', [turnedX, turnedY], { axis: 4 });
  return graph.narrow(graph.node('Reshape', [joined, graph.integers([0, heads, -1, headDim])]));
}
