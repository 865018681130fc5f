import type { DeviceMemory, Pieces } from './device.ts';
import type { OrtHandle } from './library.ts';

/** Memory that the host reaches by itself, wherever it was taken. */
export abstract class HostMemory implements DeviceMemory {
  readonly byteLength: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly #address: OrtHandle;

  /** `bytes` lie at `address`, and are at least `byteLength`. */
  protected constructor(byteLength: number, bytes: Uint8Array<ArrayBuffer>, address: OrtHandle) {
    this.byteLength = byteLength;
    this.bytes = bytes;
    this.#address = address;
  }

  abstract free(): void;

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
}
