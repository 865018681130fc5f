import type { CudaFunctions } from './cuda-functions.ts';
import type { RecordedRuns, RunRecorder } from './device.ts';

// cuda_runtime_api.h: cudaStreamCaptureModeRelaxed, cudaEventDisableTiming
const relaxed = 2;
const noTiming = 2;

/**
 * Runs captured into one CUDA graph:
 *
 *   main    ──┬── temporal ── depth ── decoder ──┬──▶
 *   beside    └── encoder ───────────────────────┘
 */
export class StreamRecorder implements RunRecorder {
  readonly #cuda: CudaFunctions;
  readonly #main: bigint;
  readonly #beside: bigint;

  constructor(cuda: CudaFunctions, main: bigint, beside: bigint) {
    this.#cuda = cuda;
    this.#main = main;
    this.#beside = beside;
  }

  settle(): void {
    this.#cuda.call('cudaStreamSynchronize', this.#beside);
    this.#cuda.call('cudaStreamSynchronize', this.#main);
  }

  record(main: () => void, beside: () => void): RecordedRuns {
    const cuda = this.#cuda;
    const forked = cuda.create('cudaEventCreateWithFlags', noTiming);
    const joined = cuda.create('cudaEventCreateWithFlags', noTiming);
    cuda.call('cudaStreamBeginCapture', this.#main, relaxed);
    let graph = 0n;
    try {
      cuda.call('cudaEventRecord', forked, this.#main);
      cuda.call('cudaStreamWaitEvent', this.#beside, forked, 0);
      beside();
      cuda.call('cudaEventRecord', joined, this.#beside);
      main();
      cuda.call('cudaStreamWaitEvent', this.#main, joined, 0);
    } finally {
      const slot = new BigUint64Array(1);
      cuda.call('cudaStreamEndCapture', this.#main, slot);
      graph = slot[0] ?? 0n;
      cuda.call('cudaEventDestroy', forked);
      cuda.call('cudaEventDestroy', joined);
    }
    const executable = cuda.create('cudaGraphInstantiate', graph, 0);
    cuda.call('cudaGraphDestroy', graph);
    return {
      replay: () => {
        cuda.call('cudaGraphLaunch', executable, this.#main);
        return cuda.callAsync('cudaStreamSynchronize', this.#main);
      },
      free: () => cuda.call('cudaGraphExecDestroy', executable),
    };
  }
}
