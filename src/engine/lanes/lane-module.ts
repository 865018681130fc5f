import type { LaneGraph, Port, StatePort } from '../onnx/graph-builder.ts';
import type { DeviceMemory } from '../ort/device.ts';
import type { OrtBinding, OrtRuntime, OrtSession, OrtTensor, SessionOptions } from '../ort/session.ts';
import { type LanePieces, LaneTensor } from './lane-tensor.ts';
import { type LaneRange, neighbours } from './neighbours.ts';

/**
 * A graph with its inputs, outputs and streaming state for a number of lanes. Any neighbouring lanes run as one batch, in
 * place: state is bound as input and as output at once, so that nothing is copied between frames.
 */
export class LaneModule {
  readonly graph: LaneGraph;
  readonly #runtime: OrtRuntime;
  readonly #session: OrtSession;
  readonly #tensors = new Map<string, LaneTensor>();
  readonly #borrowed: ReadonlySet<string>;
  readonly #runs = new Map<string, BoundRun>();
  readonly #settings: ReadonlyMap<string, readonly number[]>;

  /**
   * @param shared tensors of other modules that this one reads as its inputs, by input name
   * @param settings values of the graph's settings
   */
  constructor(
    runtime: OrtRuntime,
    graph: LaneGraph,
    lanes: number,
    options: SessionOptions,
    shared: ReadonlyMap<string, LaneTensor> = new Map(),
    settings: ReadonlyMap<string, readonly number[]> = new Map(),
  ) {
    this.#settings = settings;
    this.graph = graph;
    this.#runtime = runtime;
    this.#session = runtime.createSession(graph.model, options);
    this.#borrowed = new Set(shared.keys());
    for (const port of [...graph.inputs, ...graph.outputs, ...graph.states]) {
      const tensor = shared.get(port.name) ?? new LaneTensor(runtime.device, lanes, port);
      this.#tensors.set(port.name, tensor);
    }
  }

  has(name: string): boolean {
    return this.#tensors.has(name);
  }

  /** An input, output or state. */
  tensor(name: string): LaneTensor {
    const found = this.#tensors.get(name);
    if (found === undefined) throw new Error(`${this.graph.name} has no tensor ${name}`);
    return found;
  }

  /** Runs exactly these lanes, neighbours together; the others are untouched. @throws ORT_FAILED */
  async run(lanes: readonly number[]): Promise<void> {
    for (const range of neighbours(lanes)) await this.#bound(range).binding.run();
  }

  /** Queues a run of lanes 0 to count - 1, to be recorded. @throws ORT_FAILED */
  enqueue(count: number): void {
    this.#bound({ first: 0, count }).binding.enqueue();
  }

  /**
   * Runs `rows` rows of one lane together. Outputs are not kept; state is.
   * @param values of each input, for all rows or for the lane
   */
  async runRows(
    lane: number,
    rows: number,
    values: ReadonlyMap<string, Float32Array | readonly number[]>,
    settings: ReadonlyMap<string, readonly number[]>,
  ): Promise<void> {
    const runtime = this.#runtime;
    const made: LaneTensor[] = [];
    const views: OrtTensor[] = [];
    const inputs = new Map<string, OrtTensor>();
    const outputs = new Map<string, OrtTensor>();
    const view = (port: Port, count: number): { readonly tensor: LaneTensor; readonly view: OrtTensor } => {
      const tensor = new LaneTensor(runtime.device, count, port);
      made.push(tensor);
      const all = tensor.view(runtime, 0, count);
      views.push(all);
      return { tensor, view: all };
    };
    try {
      for (const port of this.graph.inputs) {
        const given = values.get(port.name) ?? [];
        const count = port.leading === 'rows' ? rows : 1;
        const input = view(port, count);
        const width = given.length / count;
        for (let row = 0; row < count; row++) {
          const part = given.slice(row * width, (row + 1) * width);
          if (part instanceof Float32Array) input.tensor.write(row, part);
          else input.tensor.writeIds(row, part);
        }
        inputs.set(port.name, input.view);
      }
      for (const { name, type } of this.graph.settings) {
        const tensor = runtime.createHostTensor(settings.get(name) ?? [], type);
        views.push(tensor);
        inputs.set(name, tensor);
      }
      for (const port of this.graph.outputs) outputs.set(port.name, view(port, rows).view);
      for (const { name, nextName } of this.graph.states) {
        const state = this.tensor(name).view(runtime, lane, 1);
        views.push(state);
        inputs.set(name, state);
        outputs.set(nextName, state);
      }
      const binding = this.#session.bind(inputs, outputs);
      try {
        await binding.run();
      } finally {
        binding.close();
      }
    } finally {
      for (const each of views) each.close();
      for (const each of made) each.free();
    }
  }

  /** All state of the lane back to zero. */
  clear(lane: number): void {
    for (const { name } of this.graph.states) this.tensor(name).clear(lane);
  }

  /** A copy of the first `rows` rows of each state of the lane, on the device. */
  save(lane: number, rows: number): SavedRows {
    const parts = this.graph.states.map((state) => this.#rowsOf(state, rows));
    const total = parts.reduce((sum, { byteLength, count }) => sum + byteLength * count, 0);
    const memory = this.#runtime.device.allocate(total);
    let offset = 0;
    for (const part of parts) {
      part.tensor.copyTo(lane, part, memory, offset);
      offset += part.byteLength * part.count;
    }
    return { rows, memory };
  }

  /** Copies what `save` returned into a lane; rows beyond stay as they are. */
  restore(lane: number, { rows, memory }: SavedRows): void {
    let offset = 0;
    for (const state of this.graph.states) {
      const part = this.#rowsOf(state, rows);
      part.tensor.copyFrom(lane, part, memory, offset);
      offset += part.byteLength * part.count;
    }
  }

  /** Where the first rows of a state lie within a lane. */
  #rowsOf({ name, shape, rowAxis }: StatePort, rows: number): LanePieces & { readonly tensor: LaneTensor } {
    const tensor = this.tensor(name);
    const count = rowAxis === 0 ? 1 : (shape[0] ?? 1);
    const pitch = tensor.laneBytes / count;
    return { tensor, count, pitch, byteLength: (pitch / (shape[rowAxis] ?? 1)) * rows };
  }

  close(): void {
    for (const { binding, views } of this.#runs.values()) {
      binding.close();
      for (const view of views) view.close();
    }
    this.#session.close();
    for (const [name, tensor] of this.#tensors) if (!this.#borrowed.has(name)) tensor.free();
  }

  #bound({ first, count }: LaneRange): BoundRun {
    const key = `${first}+${count}`;
    const bound = this.#runs.get(key) ?? this.#bind(first, count);
    this.#runs.set(key, bound);
    return bound;
  }

  #bind(first: number, count: number): BoundRun {
    const views: OrtTensor[] = [];
    const view = (name: string): OrtTensor => {
      const made = this.tensor(name).view(this.#runtime, first, count);
      views.push(made);
      return made;
    };
    const inputs = new Map(this.graph.inputs.map(({ name }) => [name, view(name)]));
    for (const { name, type } of this.graph.settings) {
      const tensor = this.#runtime.createHostTensor(this.#settings.get(name) ?? [], type);
      views.push(tensor);
      inputs.set(name, tensor);
    }
    const outputs = new Map(this.graph.outputs.map(({ name }) => [name, view(name)]));
    for (const { name, nextName } of this.graph.states) {
      const state = view(name);
      inputs.set(name, state);
      outputs.set(nextName, state);
    }
    return { binding: this.#session.bind(inputs, outputs), views };
  }
}

/** Rows of every state of a lane, one state after another. */
export interface SavedRows {
  readonly rows: number;
  readonly memory: DeviceMemory;
}

interface BoundRun {
  readonly binding: OrtBinding;
  readonly views: readonly OrtTensor[];
}
