import { type TensorType, tensorTypes } from '../ort/tensor-type.ts';
import {
  type Attribute,
  encodeModel,
  type InitializerMessage,
  type NodeMessage,
  type ValueMessage,
} from './messages.ts';

/** The name of a tensor in a graph. */
export type Value = string & { readonly value: unique symbol };

/** An input or output as the runner must allocate it: `shape` without the leading dimension of lanes. */
export interface Port {
  readonly name: string;
  readonly type: TensorType;
  readonly shape: readonly number[];
  /** `shared`: the host writes or reads it each frame. `graphs`: it goes from graph to graph. */
  readonly place: 'shared' | 'graphs';
  /** What the leading dimension counts; `rows` where a run may have several for a lane. */
  readonly leading: 'lanes' | 'rows';
}

/** What weights, states and everything between them are computed in. */
export type FloatType = 'float32' | 'float16' | 'bfloat16';

/** Streaming state: read as input `name`, written in place through output `nextName`. */
export interface StatePort extends Port {
  readonly nextName: string;
  /** Which dimension of `shape` counts the rows of a cache. */
  readonly rowAxis: 0 | 1;
}

/** A finished graph. Every port has a leading dimension of lanes. */
export interface LaneGraph {
  readonly name: string;
  readonly model: Uint8Array;
  readonly inputs: readonly Port[];
  readonly outputs: readonly Port[];
  readonly states: readonly StatePort[];
  /** Tensors in the host's memory, the same for every lane. */
  readonly settings: readonly Setting[];
}

export interface Setting {
  readonly name: string;
  readonly type: 'int64' | 'int32';
  readonly shape: readonly [number];
}

/** A tensor as it lies in a file. */
export interface FileTensor {
  readonly name: string;
  /** Of the file, from the root, without the leading slash, links followed. */
  readonly path: string;
  readonly type: 'float32' | 'float16' | 'bfloat16';
  readonly shape: readonly number[];
  /** Bytes from the file's start. */
  readonly offset: number;
  readonly byteLength: number;
}

type Outputs<Count extends number> = Count extends 1
  ? [Value]
  : Count extends 2
    ? [Value, Value]
    : Count extends 3
      ? [Value, Value, Value]
      : Value[];

const madeHere = '%';

/** Collects nodes in the order of computation and writes them as an ONNX model. */
export class GraphBuilder {
  readonly #name: string;
  readonly #nodes: NodeMessage[] = [];
  readonly #initializers: InitializerMessage[] = [];
  readonly #weights = new Map<string, Value>();
  readonly #constants = new Map<string, Value>();
  readonly #inputs: Port[] = [];
  readonly #outputs: Port[] = [];
  readonly #states: StatePort[] = [];
  readonly #names = new Map<string, string>();
  readonly #settings: Setting[] = [];
  /** The type of weights and states. */
  readonly type: FloatType;
  #active: Value | null = null;
  #count = 0;

  constructor(name: string, type: FloatType = 'float32') {
    this.#name = name;
    this.type = type;
  }

  /** [lanes, ...shape] from outside, each run. */
  input(
    name: string,
    type: TensorType,
    shape: readonly number[],
    { place = 'shared', leading = 'lanes' }: Partial<Port> = {},
  ): Value {
    this.#inputs.push({ name, type, shape, place, leading });
    return name as Value;
  }

  /** An integer tensor [size] in the host's memory, for the shapes of a run: not a tensor of lanes. */
  setting(name: string, type: 'int64' | 'int32', size: number): Value {
    this.#settings.push({ name, type, shape: [size] });
    return name as Value;
  }

  /** Names `value`, of [lanes, ...shape], as a result. */
  output(
    name: string,
    value: Value,
    type: TensorType,
    shape: readonly number[],
    { place = 'shared', leading = 'lanes' }: Partial<Port> = {},
  ): void {
    this.#outputs.push({ name, type, shape, place, leading });
    this.#rename(value, name);
  }

  /**
   * A tensor [lanes, ...shape] carried from run to run, zero at the start. `next` is written over it, so it must be computed
   * from something that has read it already: memory is the same.
   */
  state(
    name: string,
    shape: readonly number[],
    rowAxis: 0 | 1 = 0,
  ): { readonly value: Value; next(next: Value): void } {
    const port: StatePort = {
      name,
      nextName: `${name}.next`,
      type: this.type,
      shape,
      place: 'graphs',
      leading: 'lanes',
      rowAxis,
    };
    this.#states.push(port);
    return { value: name as Value, next: (next) => this.#rename(next, port.nextName) };
  }

  /**
   * Lanes that run beside others without a frame of their own: where `active`, a bool [lanes], is false, a rolling state stays as
   * it is.
   */
  carryLanes(active: Value): void {
    this.#active = active;
  }

  /** A state of [lanes, ...shape] that must not move in a run of a lane that is only carried along. */
  rollingState(name: string, shape: readonly number[]): { readonly value: Value; next(next: Value): void } {
    const { value, next } = this.state(name, shape);
    const active = this.#active;
    if (active === null) return { value, next };
    const axes = Array.from({ length: shape.length }, (_, i) => i + 1);
    return {
      value,
      next: (moved) => next(this.node('Where', [this.node('Unsqueeze', [active, this.integers(axes)]), moved, value])),
    };
  }

  /** `value`, a float32, in the type of the weights. */
  narrow(value: Value): Value {
    return this.type === 'float32' ? value : this.node('Cast', [value], { to: tensorTypes[this.type].onnx });
  }

  /** `value`, in the type of the weights, as float32. */
  widen(value: Value): Value {
    return this.type === 'float32' ? value : this.node('Cast', [value], { to: tensorTypes.float32.onnx });
  }

  /** A stored weight, in its stored shape or another of the same size; a cast to the type wanted is folded at load. */
  weight(tensor: FileTensor, shape: readonly number[] = tensor.shape, wanted: FloatType = this.type): Value {
    const name = shape.join() === tensor.shape.join() ? tensor.name : `${tensor.name} as ${shape.join('x')}`;
    const key = `${wanted} ${name}`;
    const known = this.#weights.get(key);
    if (known !== undefined) return known;
    const { type, path: location, offset, byteLength: length } = tensor;
    this.#initializers.push({ name, type, shape, data: { location, offset, length } });
    const stored = name as Value;
    const value = type === wanted ? stored : this.node('Cast', [stored], { to: tensorTypes[wanted].onnx });
    this.#weights.set(key, value);
    return value;
  }

  floats(values: readonly number[], shape: readonly number[] = [values.length]): Value {
    return this.#constant('float32', shape, new Uint8Array(Float32Array.from(values).buffer));
  }

  integers(values: readonly number[], shape: readonly number[] = [values.length]): Value {
    return this.#constant('int64', shape, new Uint8Array(BigInt64Array.from(values, BigInt).buffer));
  }

  /** int32 values, for the operators that want them. */
  shortIntegers(values: readonly number[], shape: readonly number[] = [values.length]): Value {
    return this.#constant('int32', shape, new Uint8Array(Int32Array.from(values).buffer));
  }

  node(operator: string, inputs: readonly Value[], attributes: Readonly<Record<string, Attribute>> = {}): Value {
    const [only] = this.nodes(operator, inputs, 1, attributes);
    return only;
  }

  /** A node with several results, those of `unused` not asked for. A domain other than ONNX's own is written before the operator: `com.microsoft.QuickGelu`. */
  nodes<Count extends number>(
    operator: string,
    inputs: readonly Value[],
    count: Count,
    attributes: Readonly<Record<string, Attribute>> = {},
    unused: readonly number[] = [],
  ): Outputs<Count> {
    const dot = operator.lastIndexOf('.');
    const outputs = Array.from({ length: count }, (_, i) => (unused.includes(i) ? '' : `${madeHere}${++this.#count}`));
    this.#nodes.push({
      operator: operator.slice(dot + 1),
      domain: dot < 0 ? '' : operator.slice(0, dot),
      inputs,
      outputs,
      attributes,
    });
    return outputs as string[] as Outputs<Count>;
  }

  finish(): LaneGraph {
    const states = this.#states;
    const port = (name: string, { type, shape, leading }: Port): ValueMessage => ({
      name,
      type,
      shape: [leading, ...shape],
    });
    const model = encodeModel({
      name: this.#name,
      nodes: this.#renamed(),
      initializers: this.#initializers,
      inputs: [...[...this.#inputs, ...states].map((each) => port(each.name, each)), ...this.#settings],
      outputs: [
        ...this.#outputs.map((each) => port(each.name, each)),
        ...states.map((each) => port(each.nextName, each)),
      ],
    });
    return { name: this.#name, model, inputs: this.#inputs, outputs: this.#outputs, states, settings: this.#settings };
  }

  /** Lets the node that makes `value` write it under `name`; only what has a name already is copied. */
  #rename(value: Value, name: string): void {
    if (value.startsWith(madeHere) && !this.#names.has(value)) this.#names.set(value, name);
    else this.#nodes.push({ operator: 'Identity', domain: '', inputs: [value], outputs: [name], attributes: {} });
  }

  #renamed(): readonly NodeMessage[] {
    const named = (names: readonly string[]): readonly string[] => names.map((each) => this.#names.get(each) ?? each);
    return this.#nodes.map((node) => ({ ...node, inputs: named(node.inputs), outputs: named(node.outputs) }));
  }

  #constant(type: TensorType, shape: readonly number[], data: Uint8Array): Value {
    const key = `${type} ${shape.join('x')} ${Buffer.from(data).toString('base64')}`;
    const known = this.#constants.get(key);
    if (known !== undefined) return known;
    const name = `c${this.#constants.size}` as Value;
    this.#initializers.push({ name, type, shape, data });
    this.#constants.set(key, name);
    return name;
  }
}
