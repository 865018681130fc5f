/** The messages of onnx.proto that a graph needs; field numbers are of that file. */
import { type TensorType, tensorTypes } from '../ort/tensor-type.ts';
import { ProtobufWriter } from './protobuf.ts';

/** A dimension: fixed, or named where it is known only at run time. */
export type Dimension = number | string;

export type Attribute = number | string | readonly number[] | { readonly float: number };

export interface NodeMessage {
  readonly operator: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

export interface ValueMessage {
  readonly name: string;
  readonly type: TensorType;
  readonly shape: readonly Dimension[];
}

export interface InitializerMessage {
  readonly name: string;
  readonly type: TensorType;
  readonly shape: readonly number[];
  /** The data itself, or where it lies in a file. */
  readonly data: Uint8Array | { readonly location: string; readonly offset: number; readonly length: number };
}

export interface GraphMessage {
  readonly name: string;
  readonly nodes: readonly NodeMessage[];
  readonly initializers: readonly InitializerMessage[];
  readonly inputs: readonly ValueMessage[];
  readonly outputs: readonly ValueMessage[];
}

const irVersion = 11;
const opsets = { '': 24, 'com.microsoft': 1 } as const;

/** ModelProto */
export function encodeModel(graph: GraphMessage): Uint8Array {
  const model = new ProtobufWriter().integer(1, irVersion).text(2, 'speakerpost');
  for (const [domain, version] of Object.entries(opsets)) {
    model.message(8, new ProtobufWriter().text(1, domain).integer(2, version));
  }
  return model.message(7, encodeGraph(graph)).finish();
}

/** GraphProto */
function encodeGraph(graph: GraphMessage): ProtobufWriter {
  const message = new ProtobufWriter().text(2, graph.name);
  for (const node of graph.nodes) message.message(1, encodeNode(node));
  for (const initializer of graph.initializers) message.message(5, encodeInitializer(initializer));
  for (const input of graph.inputs) message.message(11, encodeValue(input));
  for (const output of graph.outputs) message.message(12, encodeValue(output));
  return message;
}

/** NodeProto */
function encodeNode(node: NodeMessage): ProtobufWriter {
  const message = new ProtobufWriter();
  for (const input of node.inputs) message.text(1, input);
  for (const output of node.outputs) message.text(2, output);
  message.text(3, node.outputs[0] ?? '').text(4, node.operator);
  for (const [name, value] of Object.entries(node.attributes)) message.message(5, encodeAttribute(name, value));
  return message.text(7, node.domain);
}

/** AttributeProto; type numbers FLOAT 1, INT 2, STRING 3, INTS 7 */
function encodeAttribute(name: string, value: Attribute): ProtobufWriter {
  const message = new ProtobufWriter().text(1, name);
  if (typeof value === 'number') return message.integer(3, value).integer(20, 2);
  if (typeof value === 'string') return message.text(4, value).integer(20, 3);
  if ('float' in value) return message.float(2, value.float).integer(20, 1);
  for (const item of value) message.integer(8, item);
  return message.integer(20, 7);
}

/** TensorProto; data_location EXTERNAL 1 */
function encodeInitializer(initializer: InitializerMessage): ProtobufWriter {
  const message = new ProtobufWriter();
  for (const size of initializer.shape) message.integer(1, size);
  message.integer(2, tensorTypes[initializer.type].onnx).text(8, initializer.name);
  const { data } = initializer;
  if (data instanceof Uint8Array) return message.bytes(9, data);
  for (const [key, value] of Object.entries(data)) {
    message.message(13, new ProtobufWriter().text(1, key).text(2, String(value)));
  }
  return message.integer(14, 1);
}

/** ValueInfoProto > TypeProto > TypeProto.Tensor > TensorShapeProto */
function encodeValue(value: ValueMessage): ProtobufWriter {
  const shape = new ProtobufWriter();
  for (const size of value.shape) {
    const dimension = new ProtobufWriter();
    shape.message(1, typeof size === 'number' ? dimension.integer(1, size) : dimension.text(2, size));
  }
  const tensor = new ProtobufWriter().integer(1, tensorTypes[value.type].onnx).message(2, shape);
  return new ProtobufWriter().text(1, value.name).message(2, new ProtobufWriter().message(1, tensor));
}
