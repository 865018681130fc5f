import koffi from 'koffi';
import type { Device, DeviceMemory, Pieces } from './device.ts';
import type { OrtHandle } from './library.ts';

// onnxruntime_c_api.h: OrtArenaAllocator, OrtMemTypeDefault
const arenaAllocator = 1;
const memTypeDefault = 0;

export const cpuDevice: Device = {
  name: 'cpu',
  allocate: (byteLength) => new CpuMemory(byteLength),
  allocateShared: (byteLength) => new CpuMemory(byteLength),
  createMemoryInfo: (library) => library.create('CreateMemoryInfo', 'Cpu', arenaAllocator, 0, memTypeDefault),
  attach: () => {},
  configureSession: () => {},
  createRunOptions: () => null,
  settle: () => {},
  recorder: null,
  detach: () => {},
};

/** An ArrayBuffer's store: V8 never moves it, and this object keeps it alive. */
class CpuMemory implements DeviceMemory {
  readonly byteLength: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly #address: OrtHandle;

  constructor(byteLength: number) {
    this.byteLength = byteLength;
    // A typed array of 64 bytes or less may live on V8's moving heap; an ArrayBuffer made first never does.
    const store = new ArrayBuffer(Math.max(byteLength, 64));
    this.bytes = new Uint8Array(store);
    this.#address = koffi.address(store);
  }

  pointer(offset: number): OrtHandle {
    return this.#address + BigInt(offset);
  }

  write(offset: number, source: Uint8Array): void {
    this.bytes.set(source, offset);
  }

  read(offset: number, target: Uint8Array): void {
    target.set(this.bytes.subarray(offset, offset + target.byteLength));
  }

  copy(target: Pieces, source: Pieces & { readonly memory: DeviceMemory }, byteLength: number, count: number): void {
    for (let i = 0; i < count; i++) {
      const start = target.offset + i * target.pitch;
      source.memory.read(source.offset + i * source.pitch, this.bytes.subarray(start, start + byteLength));
    }
  }

  clear(offset: number, byteLength: number): void {
    this.bytes.fill(0, offset, offset + byteLength);
  }

  free(): void {}
}
