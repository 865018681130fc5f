import { readFile } from 'node:fs/promises';
import { messageOf, SpeakerpostError } from '../../runtime/errors.ts';
import { parseWav } from '../../runtime/wav.ts';
import type { VoicePrompt } from '../model-contract.ts';
import { normaliseLoudness } from './loudness.ts';
import { resample } from './resample.ts';
import { readStoredZip } from './stored-zip.ts';
import { readTensorPickle, type TensorRecord } from './tensor-pickle.ts';

const modelRateHz = 24_000;
/** A published voice has about half a megabyte. */
const largestFile = 64 * 1024 * 1024;
const itemBytes: Readonly<Record<TensorRecord['dtype'], number>> = {
  bfloat16: 2,
  float32: 4,
  int32: 4,
  int64: 8,
};

/**
 * Reads a voice: a published `.pt` (embeddings [n, 1, 1, dim] of a float type, cache [1, rows, columns] of an integer type) or a 16-bit `.wav`,
 * resampled to 24 kHz and normalised to -24 LUFS. Throws VOICE_INVALID or WAV_INVALID.
 */
export async function readVoiceFile(file: string): Promise<VoicePrompt> {
  const fail = (error: unknown) => new SpeakerpostError('VOICE_INVALID', { file, reason: messageOf(error) }, error);
  let bytes: Uint8Array;
  try {
    bytes = await readFile(file);
  } catch (error) {
    throw fail(error);
  }
  const wav = file.toLowerCase().endsWith('.pt') ? null : parseWav(bytes, file);
  try {
    if (wav === null) return readTensors(bytes);
    const samples = resample(wav.samples, wav.sampleRateHz, modelRateHz);
    return { kind: 'samples', samples: normaliseLoudness(samples, modelRateHz) };
  } catch (error) {
    throw fail(error);
  }
}

function readTensors(bytes: Uint8Array): VoicePrompt {
  if (bytes.byteLength > largestFile) throw new RangeError(`it has ${bytes.byteLength} bytes; no voice is that large`);
  const entries = readStoredZip(bytes);
  const pickleName = [...entries.keys()].find((name) => /^[^/]+\/data\.pkl$/.test(name));
  const pickle = pickleName === undefined ? undefined : entries.get(pickleName);
  if (pickleName === undefined || pickle === undefined) throw new RangeError('the zip holds no data.pkl');
  const folder = pickleName.slice(0, -'data.pkl'.length);
  const byteOrder = entries.get(`${folder}byteorder`);
  if (byteOrder !== undefined && new TextDecoder().decode(byteOrder) !== 'little')
    throw new RangeError('its numbers are not little-endian');
  const tensors = readTensorPickle(pickle);
  const describe = (name: string): TensorRecord => {
    const tensor = tensors.get(name);
    if (tensor === undefined) throw new RangeError(`it holds no "${name}"`);
    return tensor;
  };
  const valuesOf = (name: string, tensor: TensorRecord): Float64Array => {
    const storage = entries.get(`${folder}data/${tensor.storageKey}`);
    if (storage === undefined) throw new RangeError(`the data of "${name}" is missing`);
    return readValues(name, tensor, storage);
  };
  const embeddings = describe('embeddings');
  const [count = 0, batch, frames, dim = 0] = embeddings.shape;
  if (isInteger(embeddings) || embeddings.shape.length !== 4 || batch !== 1 || frames !== 1 || count < 1 || dim < 1)
    throw new RangeError(`its embeddings are [${embeddings.shape}], not [n, 1, 1, dim] of a float type`);
  const cache = describe('cache');
  const [cacheBatch, rows = 0, columns = 0] = cache.shape;
  if (!isInteger(cache) || cache.shape.length !== 3 || cacheBatch !== 1 || rows < 1 || columns < 1)
    throw new RangeError(`its cache is [${cache.shape}], not [1, rows, columns] of an integer type`);
  const ring = valuesOf('cache', cache);
  return {
    kind: 'embeddings',
    embeddings: Float32Array.from(valuesOf('embeddings', embeddings)),
    count,
    cache: Array.from({ length: rows }, (_, row) => [...ring.subarray(row * columns, (row + 1) * columns)]),
  };
}

const isInteger = (tensor: TensorRecord): boolean => tensor.dtype === 'int32' || tensor.dtype === 'int64';

/** The tensor's elements in row-major order, whatever its strides. */
function readValues(name: string, tensor: TensorRecord, storage: Uint8Array): Float64Array {
  const size = itemBytes[tensor.dtype];
  if (storage.byteLength !== tensor.storageSize * size)
    throw new RangeError(`the data of "${name}" has ${storage.byteLength} bytes, not ${tensor.storageSize * size}`);
  if (tensor.shape.length > 4 || tensor.strides.length !== tensor.shape.length)
    throw new RangeError(`the shape of "${name}" is broken`);
  const count = tensor.shape.reduce((product, length) => product * length, 1);
  const last = tensor.shape.reduce(
    (at, length, axis) => at + (length - 1) * (tensor.strides[axis] ?? 0),
    tensor.offset,
  );
  // Also keeps a stride of 0 from blowing a small file up.
  if (count > tensor.storageSize || (count > 0 && last >= tensor.storageSize))
    throw new RangeError(`the shape [${tensor.shape}] of "${name}" reaches outside its data`);
  const view = new DataView(storage.buffer, storage.byteOffset, storage.byteLength);
  return Float64Array.from({ length: count }, (_, index) => {
    let rest = index;
    let at = tensor.offset;
    for (let axis = tensor.shape.length - 1; axis >= 0; axis--) {
      const length = tensor.shape[axis] ?? 1;
      at += (rest % length) * (tensor.strides[axis] ?? 0);
      rest = Math.floor(rest / length);
    }
    return readNumber(view, at * size, tensor.dtype);
  });
}

function readNumber(view: DataView, at: number, dtype: TensorRecord['dtype']): number {
  switch (dtype) {
    case 'bfloat16':
      return bitsToFloat(view.getUint16(at, true) << 16);
    case 'float32':
      return view.getFloat32(at, true);
    case 'int32':
      return view.getInt32(at, true);
    case 'int64':
      return Number(view.getBigInt64(at, true));
  }
}

const scratch = new DataView(new ArrayBuffer(4));
function bitsToFloat(bits: number): number {
  scratch.setInt32(0, bits);
  return scratch.getFloat32(0);
}
