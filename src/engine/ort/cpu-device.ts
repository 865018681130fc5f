import { totalmem } from 'node:os';
import koffi from 'koffi';
import type { Device } from './device.ts';
import { HostMemory } from './host-memory.ts';

// onnxruntime_c_api.h: OrtArenaAllocator, OrtMemTypeDefault
const arenaAllocator = 1;
const memTypeDefault = 0;

export const cpuDevice: Device = {
  name: 'cpu',
  // What the kernel and this process's group have left; swap would be too slow for a frame every 80 ms.
  memory: () => ({ freeBytes: process.availableMemory(), totalBytes: totalmem() }),
  allocate: (byteLength) => new CpuMemory(byteLength),
  allocateShared: (byteLength) => new CpuMemory(byteLength),
  createMemoryInfo: (library) => library.create('CreateMemoryInfo', 'Cpu', arenaAllocator, 0, memTypeDefault),
  attach: () => {},
  configureSession: () => {},
  createRunOptions: () => null,
  copiesBoundInputs: false,
  settle: () => {},
  recorder: null,
  detach: () => {},
};

/** An ArrayBuffer's store: V8 never moves it, and this object keeps it alive. */
class CpuMemory extends HostMemory {
  constructor(byteLength: number) {
    // A typed array of 64 bytes or less may live on V8's moving heap; an ArrayBuffer made first never does.
    const store = new ArrayBuffer(Math.max(byteLength, 64));
    super(byteLength, new Uint8Array(store), koffi.address(store));
  }

  free(): void {}
}
