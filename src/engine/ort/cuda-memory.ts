import koffi from 'koffi';
import type { CudaFunctions } from './cuda-functions.ts';
import type { DeviceMemory, Pieces } from './device.ts';
import { HostMemory } from './host-memory.ts';
import type { OrtHandle } from './library.ts';

// cuda_runtime_api.h: cudaMemcpyKind, cudaHostAllocMapped
const toDevice = 1;
const toHost = 2;
const withinDevice = 3;
const mapped = 2;
/** CUDA gives no memory of size 0. */
const leastBytes = 64;

/** The card's own memory. Writes, copies and clears are queued on the stream. */
export class CudaMemory implements DeviceMemory {
  readonly byteLength: number;
  readonly bytes = null;
  readonly #cuda: CudaFunctions;
  readonly #stream: bigint;
  readonly #address: OrtHandle;

  constructor(cuda: CudaFunctions, stream: bigint, byteLength: number) {
    this.#cuda = cuda;
    this.#stream = stream;
    this.byteLength = byteLength;
    this.#address = cuda.create('cudaMalloc', Math.max(byteLength, leastBytes));
    this.clear(0, byteLength);
  }

  pointer(offset: number): OrtHandle {
    return this.#address + BigInt(offset);
  }

  write(offset: number, source: Uint8Array): void {
    // From memory that is not pinned, CUDA has taken the bytes when the call returns.
    this.#cuda.call('cudaMemcpyAsync', this.pointer(offset), source, source.byteLength, toDevice, this.#stream);
  }

  read(offset: number, target: Uint8Array): void {
    this.#cuda.call('cudaMemcpyAsync', target, this.pointer(offset), target.byteLength, toHost, this.#stream);
    this.#cuda.call('cudaStreamSynchronize', this.#stream);
  }

  copy(target: Pieces, source: Pieces & { readonly memory: DeviceMemory }, byteLength: number, count: number): void {
    const from = source.memory.pointer(source.offset);
    const to = this.pointer(target.offset);
    const pieces = [to, target.pitch, from, source.pitch, byteLength, count] as const;
    this.#cuda.call('cudaMemcpy2DAsync', ...pieces, withinDevice, this.#stream);
  }

  clear(offset: number, byteLength: number): void {
    this.#cuda.call('cudaMemsetAsync', this.pointer(offset), 0, byteLength, this.#stream);
  }

  free(): void {
    this.#cuda.call('cudaFree', this.#address);
  }
}

/** Host memory that the card reads and writes by itself, over the bus, at the same address. */
export class PinnedMemory extends HostMemory {
  readonly #cuda: CudaFunctions;

  constructor(cuda: CudaFunctions, byteLength: number) {
    const allocated = Math.max(byteLength, leastBytes);
    const address = cuda.create('cudaHostAlloc', allocated, mapped);
    super(byteLength, new Uint8Array(koffi.view(address, allocated)), address);
    this.#cuda = cuda;
    this.bytes.fill(0);
  }

  free(): void {
    this.#cuda.call('cudaFreeHost', this.pointer(0));
  }
}
