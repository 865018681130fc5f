/**
 * The functions of the CUDA runtime library that the engine calls, by koffi prototypes (CUDA Runtime API reference, 12 and 13).
 * Each returns a cudaError_t.
 */
import { loadNativeLibrary } from './native-library.ts';

const prototypes = {
  cudaGetDeviceCount: 'int (int *count)',
  cudaSetDevice: 'int (int device)',
  cudaDeviceGetAttribute: 'int (int *value, int attribute, int device)',
  cudaRuntimeGetVersion: 'int (int *version)',
  cudaDriverGetVersion: 'int (int *version)',
  cudaMemGetInfo: 'int (size_t *free, size_t *total)',
  cudaMalloc: 'int (void *pointer, size_t bytes)',
  cudaFree: 'int (void *pointer)',
  cudaHostAlloc: 'int (void *pointer, size_t bytes, uint flags)',
  cudaFreeHost: 'int (void *pointer)',
  cudaMemcpyAsync: 'int (void *target, void *source, size_t bytes, int kind, void *stream)',
  cudaMemcpy2DAsync:
    'int (void *target, size_t targetPitch, void *source, size_t sourcePitch, size_t width, size_t height, int kind, void *stream)',
  cudaMemsetAsync: 'int (void *target, int value, size_t bytes, void *stream)',
  cudaStreamCreateWithPriority: 'int (void *stream, uint flags, int priority)',
  cudaStreamSynchronize: 'int (void *stream)',
  cudaStreamDestroy: 'int (void *stream)',
  cudaStreamWaitEvent: 'int (void *stream, void *event, uint flags)',
  cudaEventCreateWithFlags: 'int (void *event, uint flags)',
  cudaEventRecord: 'int (void *event, void *stream)',
  cudaEventSynchronize: 'int (void *event)',
  cudaEventDestroy: 'int (void *event)',
  cudaStreamBeginCapture: 'int (void *stream, int mode)',
  cudaStreamEndCapture: 'int (void *stream, void *graph)',
  cudaGraphInstantiate: 'int (void *executable, void *graph, uint64_t flags)',
  cudaGraphLaunch: 'int (void *executable, void *stream)',
  cudaGraphDestroy: 'int (void *graph)',
  cudaGraphExecDestroy: 'int (void *executable)',
} as const;

export type CudaFunctionName = keyof typeof prototypes;
export type CudaArgument = bigint | number | ArrayBufferView | null;

type NativeFunction = ((...parameters: CudaArgument[]) => number) & {
  async(...parameters: [...CudaArgument[], (error: unknown, result: number) => void]): void;
};

/** libcudart, loaded. */
export class CudaFunctions {
  readonly #functions = new Map<CudaFunctionName, NativeFunction>();
  readonly #errorText: (code: number) => string;
  readonly #failed: (call: string, code: number, reason: string) => Error;

  /** @param failed makes the error that a failed call throws @throws what koffi throws when the library cannot be loaded */
  constructor(file: string, failed: (call: string, code: number, reason: string) => Error) {
    const library = loadNativeLibrary(file);
    for (const [name, prototype] of Object.entries(prototypes)) {
      const native = library.func(prototype.replace('int (', `int ${name}(`)) as unknown as NativeFunction;
      this.#functions.set(name as CudaFunctionName, native);
    }
    this.#errorText = library.func('str cudaGetErrorString(int code)') as unknown as (code: number) => string;
    this.#failed = failed;
  }

  call(name: CudaFunctionName, ...parameters: CudaArgument[]): void {
    this.#check(name, this.#native(name)(...parameters));
  }

  /** Calls a function whose first parameter receives a handle. */
  create(name: CudaFunctionName, ...parameters: CudaArgument[]): bigint {
    const slot = new BigUint64Array(1);
    this.call(name, slot, ...parameters);
    return slot[0] ?? 0n;
  }

  /** Calls a function whose first parameter receives an int. */
  integer(name: CudaFunctionName, ...parameters: CudaArgument[]): number {
    const slot = new Int32Array(1);
    this.call(name, slot, ...parameters);
    return slot[0] ?? 0;
  }

  /** Calls on a thread of koffi's. */
  callAsync(name: CudaFunctionName, ...parameters: CudaArgument[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#native(name).async(...parameters, (error, code) => {
        try {
          if (error !== null && error !== undefined) throw error;
          this.#check(name, code);
          resolve();
        } catch (failure) {
          reject(failure);
        }
      });
    });
  }

  #native(name: CudaFunctionName): NativeFunction {
    const found = this.#functions.get(name);
    if (found === undefined) throw new Error(`no such function: ${name}`);
    return found;
  }

  #check(name: string, code: number): void {
    if (code !== 0) throw this.#failed(name, code, this.#errorText(code));
  }
}
