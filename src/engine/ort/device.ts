/**
 * Where tensors live and which provider runs the graphs: the CPU, or a CUDA device, which has its own allocator, appends its
 * provider to the session's options, and records runs to replay them.
 */
import type { OrtHandle, OrtLibrary } from './library.ts';

export interface Device {
  readonly name: string;
  /** Its memory now, whoever uses it. */
  memory(): MemoryState;
  /** Zeroed memory that stays at its address until `free`. */
  allocate(byteLength: number): DeviceMemory;
  /** The same, which the host reads and writes as quickly as its own: for what goes in and out each frame. */
  allocateShared(byteLength: number): DeviceMemory;
  /** The library's description of this memory. The caller releases it. */
  createMemoryInfo(library: OrtLibrary): OrtHandle;
  /** Makes the provider known to the environment, before any session. */
  attach(library: OrtLibrary, environment: OrtHandle): void;
  /** Adds this device's provider and options. */
  configureSession(
    library: OrtLibrary,
    environment: OrtHandle,
    settings: OrtHandle,
    options: DeviceSessionOptions,
  ): void;
  /** Options of each run; null where it takes none. The caller releases them. */
  createRunOptions(library: OrtLibrary): DeviceRunOptions | null;
  /** An input that is bound is copied there and then: it must be bound again before each run. */
  readonly copiesBoundInputs: boolean;
  /** Before a run outside of a recording: what was asked of the memory has happened. */
  settle(): void;
  /** Records runs and replays them; null where a run costs too little to gain from it. */
  readonly recorder: RunRecorder | null;
  /** Undoes `attach`, after all sessions. */
  detach(library: OrtLibrary, environment: OrtHandle): void;
}

export interface MemoryState {
  /** What can still be taken. */
  readonly freeBytes: number;
  readonly totalBytes: number;
}

export interface DeviceSessionOptions {
  /** `beside` runs at the same time as `main` where the device can. */
  readonly queue: 'main' | 'beside';
  /** Products in a shortened float32, on devices that have one. */
  readonly allowsShortFloats: boolean;
}

export interface DeviceRunOptions {
  /** Returns when the run is done. */
  readonly finished: OrtHandle;
  /** Returns when the run is queued. */
  readonly queued: OrtHandle;
}

/** Runs that are recorded once and then started with one call. */
export interface RunRecorder {
  /**
   * Records what `main` and `beside` queue; the two do not depend on each other. Memory that the runs need must have been
   * taken before, by running them.
   * @param main in parts: while one runs the next is started
   */
  record(main: readonly (() => void)[], beside: () => void): RecordedRuns;
  /** Returns when all that is queued is done. */
  settle(): void;
}

export interface RecordedRuns {
  /** Starts what runs beside. Everything asked of the device's memory before is done before. */
  startBeside(): void;
  /** Starts a part of the main runs behind those started before. */
  start(part: number): void;
  /** Marks this moment: the function waits, off the event loop, until all that was started before it is done. */
  passed(): () => Promise<void>;
  /** All that was started is done; waited for off the event loop. */
  finished(): Promise<void>;
  free(): void;
}

/** Where pieces begin: at `offset` and every `pitch` bytes after. */
export interface Pieces {
  readonly offset: number;
  readonly pitch: number;
}

/** A piece of the device's memory. All offsets and lengths are in bytes. */
export interface DeviceMemory {
  readonly byteLength: number;
  /** The memory itself where the host reaches it; else null. */
  readonly bytes: Uint8Array<ArrayBuffer> | null;
  /** What the C API takes as the data pointer of a tensor that starts at `offset`. */
  pointer(offset: number): OrtHandle;
  write(offset: number, source: Uint8Array): void;
  read(offset: number, target: Uint8Array): void;
  /** `count` pieces of `byteLength` from other memory of the same device; in the order of runs. */
  copy(target: Pieces, source: Pieces & { readonly memory: DeviceMemory }, byteLength: number, count: number): void;
  clear(offset: number, byteLength: number): void;
  free(): void;
}
