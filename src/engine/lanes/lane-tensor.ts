import type { Port } from '../onnx/graph-builder.ts';
import type { Device, DeviceMemory } from '../ort/device.ts';
import type { OrtRuntime, OrtTensor } from '../ort/session.ts';
import { byteCount, type TensorType } from '../ort/tensor-type.ts';

/** One tensor for all lanes, [lanes, ...shape], zeroed: lanes beside each other in memory, so that neighbours are one batch. */
export class LaneTensor {
  readonly type: TensorType;
  readonly shape: readonly number[];
  readonly laneBytes: number;
  readonly #memory: DeviceMemory;

  constructor(device: Device, lanes: number, { type, shape, place }: Omit<Port, 'name'>) {
    this.type = type;
    this.shape = shape;
    this.laneBytes = byteCount(type, shape);
    const byteLength = lanes * this.laneBytes;
    this.#memory = place === 'shared' ? device.allocateShared(byteLength) : device.allocate(byteLength);
  }

  /** Writes the lane's first elements. Never more than the lane has: its neighbour's begin right behind. */
  write(lane: number, values: Float32Array | BigInt64Array | Uint8Array): void {
    const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    if (bytes.byteLength > this.laneBytes) {
      throw new RangeError(`${bytes.byteLength} bytes for a lane of ${this.laneBytes}`);
    }
    this.#memory.write(lane * this.laneBytes, bytes);
  }

  readFloats(lane: number): Float32Array {
    return new Float32Array(this.readBytes(lane, this.laneBytes).buffer);
  }

  /** The lane's int64 values; ids and codes are small. */
  readIds(lane: number): Int32Array {
    return Int32Array.from(new BigInt64Array(this.readBytes(lane, this.laneBytes).buffer), Number);
  }

  /** The lane's first bytes. */
  readBytes(lane: number, byteLength: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(byteLength);
    this.#memory.read(lane * this.laneBytes, bytes);
    return bytes;
  }

  /** Copies the lane's first bytes to `offset` of other memory of the device. */
  copyTo(lane: number, byteLength: number, target: DeviceMemory, offset: number): void {
    target.copy(offset, this.#memory, lane * this.laneBytes, byteLength);
  }

  /** Copies bytes from `offset` of other memory of the device over the lane's first ones. */
  copyFrom(lane: number, byteLength: number, source: DeviceMemory, offset: number): void {
    this.#memory.copy(lane * this.laneBytes, source, offset, byteLength);
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
