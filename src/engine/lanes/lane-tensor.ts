import type { Port } from '../onnx/graph-builder.ts';
import type { Device, DeviceMemory } from '../ort/device.ts';
import type { OrtRuntime, OrtTensor } from '../ort/session.ts';
import { byteCount, type TensorType } from '../ort/tensor-type.ts';

/** Pieces of a lane's bytes that begin every `pitch` bytes. */
export interface LanePieces {
  readonly byteLength: number;
  readonly pitch: number;
  readonly count: number;
}

/** One tensor for all lanes, [lanes, ...shape], zeroed: lanes beside each other in memory, so that neighbours are one batch. */
export class LaneTensor {
  readonly type: TensorType;
  readonly shape: readonly number[];
  readonly laneBytes: number;
  readonly #memory: DeviceMemory;
  /** Elements a lane. */
  readonly #count: number;
  /** The int64 values as pairs of 32 bits, the low ones first, where the host reaches the memory: BigInt is ten times slower. */
  readonly #halves: Int32Array | null;

  constructor(device: Device, lanes: number, { type, shape, place }: Pick<Port, 'type' | 'shape' | 'place'>) {
    this.type = type;
    this.shape = shape;
    this.laneBytes = byteCount(type, shape);
    const byteLength = lanes * this.laneBytes;
    this.#memory = place === 'shared' ? device.allocateShared(byteLength) : device.allocate(byteLength);
    this.#count = shape.reduce((product, size) => product * size, 1);
    const { bytes } = this.#memory;
    this.#halves =
      bytes === null || type !== 'int64' ? null : new Int32Array(bytes.buffer, bytes.byteOffset, byteLength / 4);
  }

  /** Writes the lane's first elements. Never more than the lane has: its neighbour's begin right behind. */
  write(lane: number, values: Float32Array | BigInt64Array | Uint8Array): void {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    if (bytes.byteLength > this.laneBytes) {
      throw new RangeError(`${bytes.byteLength} bytes for a lane of ${this.laneBytes}`);
    }
    this.#memory.write(lane * this.laneBytes, bytes);
  }

  /** Writes the lane's first int64 values. @param ids each of 32 bits */
  writeIds(lane: number, ids: ArrayLike<number>): void {
    const halves = this.#halves;
    if (halves === null) {
      this.write(lane, BigInt64Array.from(ids, BigInt));
      return;
    }
    if (ids.length > this.#count) throw new RangeError(`${ids.length} values for a lane of ${this.#count}`);
    let at = 2 * lane * this.#count;
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i] ?? 0;
      halves[at] = id;
      halves[at + 1] = id < 0 ? -1 : 0;
      at += 2;
    }
  }

  /** Writes the lane's only int64 value. */
  writeId(lane: number, id: number): void {
    const halves = this.#halves;
    if (halves === null || this.#count !== 1) {
      this.writeIds(lane, [id]);
      return;
    }
    halves[2 * lane] = id;
    halves[2 * lane + 1] = id < 0 ? -1 : 0;
  }

  /** @param target where they go; as many as the lane has */
  readFloats(lane: number, target: Float32Array = new Float32Array(this.laneBytes / 4)): Float32Array {
    const bytes = new Uint8Array(target.buffer, target.byteOffset, target.byteLength);
    if (bytes.byteLength !== this.laneBytes)
      throw new RangeError(`${target.length} values for a lane of ${this.#count}`);
    this.#memory.read(lane * this.laneBytes, bytes);
    return target;
  }

  /** The lane's int64 values; ids and codes are small. */
  readIds(lane: number): Int32Array {
    const halves = this.#halves;
    if (halves === null) return Int32Array.from(new BigInt64Array(this.readBytes(lane, this.laneBytes).buffer), Number);
    const ids = new Int32Array(this.#count);
    const start = 2 * lane * this.#count;
    for (let i = 0; i < ids.length; i++) ids[i] = halves[start + 2 * i] ?? 0;
    return ids;
  }

  /** The lane's first bytes. */
  readBytes(lane: number, byteLength: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(byteLength);
    this.#memory.read(lane * this.laneBytes, bytes);
    return bytes;
  }

  /** Copies pieces of the lane, one behind the other, to `offset` of other memory of the device. */
  copyTo(lane: number, { byteLength, pitch, count }: LanePieces, target: DeviceMemory, offset: number): void {
    const from = { memory: this.#memory, offset: lane * this.laneBytes, pitch };
    if (byteLength > 0) target.copy({ offset, pitch: byteLength }, from, byteLength, count);
  }

  /** The other way round. */
  copyFrom(lane: number, { byteLength, pitch, count }: LanePieces, source: DeviceMemory, offset: number): void {
    const from = { memory: source, offset, pitch: byteLength };
    if (byteLength > 0) this.#memory.copy({ offset: lane * this.laneBytes, pitch }, from, byteLength, count);
  }

  clear(lane: number): void {
    this.#memory.clear(lane * this.laneBytes, this.laneBytes);
  }

  /** Lanes first .. first + count - 1 as a tensor for the runtime. */
  view(runtime: OrtRuntime, first: number, count: number): OrtTensor {
    return runtime.createTensor(this.#memory, first * this.laneBytes, this.type, [count, ...this.shape]);
  }

  free(): void {
    this.#memory.free();
  }
}
