/**
 * The safetensors format: 8 bytes little-endian header length, a JSON header { name: { dtype, shape, data_offsets } }, then
 * the data, which the tensors cover without gap or overlap (huggingface.co/docs/safetensors).
 */
import { closeSync, openSync, readSync, realpathSync, statSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { z } from 'zod';
import { messageOf, SpeakerpostError } from '../../runtime/errors.ts';
import type { FileTensor } from '../onnx/graph-builder.ts';

const elementBytes = { F64: 8, F32: 4, F16: 2, BF16: 2, I64: 8, I32: 4, I16: 2, I8: 1, U8: 1, BOOL: 1 } as const;
type StoredType = keyof typeof elementBytes;

const weightTypes: Partial<Record<StoredType, FileTensor['type']>> = {
  F32: 'float32',
  F16: 'float16',
  BF16: 'bfloat16',
};

// The reference implementation's limit: a larger header is an attack or a damaged length.
const maxHeaderBytes = 100_000_000;

const headerEntry = z.object({
  dtype: z.enum(Object.keys(elementBytes) as [StoredType, ...StoredType[]]),
  shape: z.array(z.number().int().nonnegative()),
  data_offsets: z.tuple([z.number().int().nonnegative(), z.number().int().nonnegative()]),
});

/** `model.safetensors.index.json` of a checkpoint in several files: the file of each tensor, beside the index. */
const shardIndex = z.object({
  weight_map: z.record(z.string(), z.string().regex(/^[^/\\]+\.safetensors$/, 'names no .safetensors file beside it')),
});

interface StoredTensor {
  readonly file: string;
  readonly dtype: StoredType;
  readonly shape: readonly number[];
  /** Bytes from the file's start. */
  readonly offset: number;
  readonly byteLength: number;
}

/**
 * The table of contents of one file, or of all the files that an index (`*.index.json`) lists. The data stays on disk until it is
 * asked for.
 */
export class SafetensorsFile {
  /** The file, or the index. */
  readonly file: string;
  /** The files with data in them. */
  readonly parts: readonly string[];
  readonly #tensors: ReadonlyMap<string, StoredTensor>;

  /** @throws MODEL_FILE_MISSING, MODEL_FILE_INVALID (header, truncation, overlap, lengths, index), MODEL_TENSOR_MISSING (of the index) */
  constructor(file: string) {
    this.file = file;
    this.#tensors = file.endsWith('.index.json') ? readShards(file) : readHeader(file);
    this.parts = [...new Set([...this.#tensors.values()].map((tensor) => tensor.file))];
  }

  get names(): readonly string[] {
    return [...this.#tensors.keys()];
  }

  has(name: string): boolean {
    return this.#tensors.has(name);
  }

  /** Stored type, e.g. BF16. @throws MODEL_TENSOR_MISSING */
  dtype(name: string): string {
    return this.#require(name).dtype;
  }

  /** @throws MODEL_TENSOR_MISSING */
  shape(name: string): readonly number[] {
    return this.#require(name).shape;
  }

  /**
   * A weight of exactly this shape, for a graph to read from the file.
   * @throws MODEL_TENSOR_MISSING, MODEL_TENSOR_SHAPE, MODEL_TENSOR_TYPE
   */
  weight(name: string, shape: readonly number[]): FileTensor {
    const stored = this.#require(name);
    if (stored.shape.join() !== shape.join()) {
      throw new SpeakerpostError('MODEL_TENSOR_SHAPE', {
        file: stored.file,
        tensor: name,
        found: `[${stored.shape.join(', ')}]`,
        expected: `[${shape.join(', ')}]`,
      });
    }
    const type = weightTypes[stored.dtype];
    if (type === undefined) throw this.#wrongType(name, stored, Object.keys(weightTypes));
    const { offset, byteLength } = stored;
    return { name, path: relative('/', realpathSync(stored.file)), type, shape, offset, byteLength };
  }

  /** @throws MODEL_TENSOR_MISSING, MODEL_TENSOR_TYPE */
  readFloats(name: string): Float32Array {
    const stored = this.#require(name);
    if (stored.dtype !== 'F32') throw this.#wrongType(name, stored, ['F32']);
    return new Float32Array(this.#read(stored));
  }

  /** @throws MODEL_TENSOR_MISSING, MODEL_TENSOR_TYPE */
  readIntegers(name: string): Int32Array {
    const stored = this.#require(name);
    if (stored.dtype !== 'I32') throw this.#wrongType(name, stored, ['I32']);
    return new Int32Array(this.#read(stored));
  }

  get parameters(): number {
    let sum = 0;
    for (const { shape } of this.#tensors.values()) sum += shape.reduce((product, size) => product * size, 1);
    return sum;
  }

  #require(name: string): StoredTensor {
    const found = this.#tensors.get(name);
    if (found === undefined) throw new SpeakerpostError('MODEL_TENSOR_MISSING', { file: this.file, tensor: name });
    return found;
  }

  #wrongType(tensor: string, stored: StoredTensor, usable: readonly string[]): SpeakerpostError {
    return new SpeakerpostError('MODEL_TENSOR_TYPE', {
      file: stored.file,
      tensor,
      found: stored.dtype,
      usable: usable.join(', '),
    });
  }

  #read(stored: StoredTensor): ArrayBuffer {
    const bytes = new Uint8Array(stored.byteLength);
    readFully(stored.file, stored.offset, bytes);
    return bytes.buffer;
  }
}

function readShards(indexFile: string): ReadonlyMap<string, StoredTensor> {
  const invalid = (reason: string): SpeakerpostError =>
    new SpeakerpostError('MODEL_FILE_INVALID', { file: indexFile, reason });
  const bytes = new Uint8Array(sizeOf(indexFile));
  readFully(indexFile, 0, bytes);
  const parsed = shardIndex.safeParse(parseJsonObject(bytes, invalid));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw invalid(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not valid'}`);
  }
  const shards = new Map<string, ReadonlyMap<string, StoredTensor>>();
  const tensors = new Map<string, StoredTensor>();
  for (const [name, part] of Object.entries(parsed.data.weight_map)) {
    const file = join(dirname(indexFile), part);
    const shard = shards.get(file) ?? readHeader(file);
    shards.set(file, shard);
    const stored = shard.get(name);
    if (stored === undefined) throw new SpeakerpostError('MODEL_TENSOR_MISSING', { file, tensor: name });
    tensors.set(name, stored);
  }
  return tensors;
}

function readHeader(file: string): ReadonlyMap<string, StoredTensor> {
  const invalid = (reason: string): SpeakerpostError => new SpeakerpostError('MODEL_FILE_INVALID', { file, reason });
  const fileBytes = sizeOf(file);
  if (fileBytes < 8) throw invalid(`it has ${fileBytes} bytes`);
  const lengthBytes = new Uint8Array(8);
  readFully(file, 0, lengthBytes);
  const headerBytes = Number(new DataView(lengthBytes.buffer).getBigUint64(0, true));
  if (headerBytes > maxHeaderBytes) throw invalid(`its header claims ${headerBytes} bytes`);
  const dataStart = 8 + headerBytes;
  if (dataStart > fileBytes) throw invalid(`its header claims ${headerBytes} bytes of a file of ${fileBytes}`);
  const bytes = new Uint8Array(headerBytes);
  readFully(file, 8, bytes);

  const tensors = new Map<string, StoredTensor>();
  for (const [name, entry] of Object.entries(parseJsonObject(bytes, invalid))) {
    if (name === '__metadata__') continue;
    const parsed = headerEntry.safeParse(entry);
    if (!parsed.success) {
      const issue = parsed.error.issues[0];
      throw invalid(`tensor ${name}: ${issue?.path.join('.') ?? ''} ${issue?.message ?? 'not valid'}`);
    }
    const { dtype, shape, data_offsets } = parsed.data;
    const [start, end] = data_offsets;
    const byteLength = shape.reduce((product, size) => product * size, 1) * elementBytes[dtype];
    if (end - start !== byteLength) {
      throw invalid(
        `tensor ${name}: ${dtype} [${shape.join(', ')}] needs ${byteLength} bytes, its range has ${end - start}`,
      );
    }
    if (dataStart + end > fileBytes) {
      throw invalid(`truncated: tensor ${name} ends at byte ${dataStart + end} of a file of ${fileBytes}`);
    }
    tensors.set(name, { file, dtype, shape, offset: dataStart + start, byteLength });
  }
  const gap = findGap(tensors, dataStart, fileBytes);
  if (gap !== null) throw invalid(gap);
  return tensors;
}

function parseJsonObject(bytes: Uint8Array, invalid: (reason: string) => SpeakerpostError): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw invalid(`its header is not JSON: ${messageOf(error)}`);
  }
  if (typeof header !== 'object' || header === null || Array.isArray(header))
    throw invalid('its header is not an object');
  return header as Record<string, unknown>;
}

/** Every byte belongs to exactly one tensor; anything else is said in words. */
function findGap(tensors: ReadonlyMap<string, StoredTensor>, dataStart: number, fileBytes: number): string | null {
  let end = dataStart;
  for (const [name, tensor] of [...tensors].sort(
    ([, a], [, b]) => a.offset - b.offset || a.byteLength - b.byteLength,
  )) {
    if (tensor.offset < end) return `tensor ${name} overlaps the one before it`;
    if (tensor.offset > end) return `${tensor.offset - end} bytes before tensor ${name} belong to none`;
    end = tensor.offset + tensor.byteLength;
  }
  return end === fileBytes ? null : `${fileBytes - end} bytes at its end belong to no tensor`;
}

function sizeOf(file: string): number {
  try {
    return statSync(file).size;
  } catch (error) {
    throw missing(file, error);
  }
}

function readFully(file: string, offset: number, target: Uint8Array): void {
  try {
    const descriptor = openSync(file, 'r');
    try {
      let done = 0;
      while (done < target.byteLength) {
        const count = readSync(descriptor, target, done, target.byteLength - done, offset + done);
        if (count === 0) throw new Error(`it ends at byte ${offset + done}`);
        done += count;
      }
    } finally {
      closeSync(descriptor);
    }
  } catch (error) {
    throw missing(file, error);
  }
}

function missing(file: string, error: unknown): SpeakerpostError {
  const reason = messageOf(error);
  return new SpeakerpostError('MODEL_FILE_MISSING', { file, reason }, error);
}
