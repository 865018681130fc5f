/**
 * Where tensors live and which provider runs the graphs. The CPU is one; a GPU is another file that implements this with its
 * own allocator and appends its provider to the session's options.
 */
import type { OrtHandle, OrtLibrary } from './library.ts';

export interface Device {
  readonly name: string;
  /** Zeroed memory that stays at its address until `free`. */
  allocate(byteLength: number): DeviceMemory;
  /** The library's description of this memory. The caller releases it. */
  createMemoryInfo(library: OrtLibrary): OrtHandle;
  /** Adds this device's provider and options. */
  configureSession(library: OrtLibrary, options: OrtHandle): void;
}

/** A piece of the device's memory. All offsets and lengths are in bytes. */
export interface DeviceMemory {
  readonly byteLength: number;
  /** What the C API takes as the data pointer of a tensor that starts at `offset`. */
  pointer(offset: number): OrtHandle;
  write(offset: number, source: Uint8Array): void;
  read(offset: number, target: Uint8Array): void;
  clear(offset: number, byteLength: number): void;
  free(): void;
}
