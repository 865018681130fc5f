import type { CudaFunctions } from './cuda-functions.ts';
import type { RecordedRuns, RunRecorder } from './device.ts';

// cuda_runtime_api.h: cudaStreamCaptureModeRelaxed, cudaEventDisableTiming
const relaxed = 2;
const noTiming = 2;

/**
 * Runs captured into CUDA graphs: one of `beside`, one of each part of `main`.
 *
 *   main    ──┬── temporal ─── depth, decoder ──┬──▶
 *   beside    └── encoder ──────────────────────┘
 *
 * Starting a graph takes the host about 0.4 ms a thousand kernels; in parts, that time is hidden behind the first part's run.
 */
export class StreamRecorder implements RunRecorder {
  readonly #cuda: CudaFunctions;
  readonly #main: bigint;
  readonly #beside: bigint;
  readonly #forked: bigint;
  readonly #joined: bigint;

  constructor(cuda: CudaFunctions, main: bigint, beside: bigint) {
    this.#cuda = cuda;
    this.#main = main;
    this.#beside = beside;
    this.#forked = cuda.create('cudaEventCreateWithFlags', noTiming);
    this.#joined = cuda.create('cudaEventCreateWithFlags', noTiming);
  }

  settle(): void {
    this.#cuda.call('cudaStreamSynchronize', this.#beside);
    this.#cuda.call('cudaStreamSynchronize', this.#main);
  }

  record(main: readonly (() => void)[], beside: () => void, before: (() => void) | null): RecordedRuns {
    const cuda = this.#cuda;
    const prelude = before === null ? null : this.#capture(this.#main, before);
    const parts = main.map((part) => this.#capture(this.#main, part));
    const encoder = this.#capture(this.#beside, beside);
    return {
      replay: (isBeforeNeeded) => {
        const [first, ...others] = parts;
        cuda.call('cudaEventRecord', this.#forked, this.#main);
        cuda.call('cudaStreamWaitEvent', this.#beside, this.#forked, 0);
        // The smallest graph first: the card begins the sooner.
        cuda.call('cudaGraphLaunch', encoder, this.#beside);
        cuda.call('cudaEventRecord', this.#joined, this.#beside);
        if (isBeforeNeeded && prelude !== null) cuda.call('cudaGraphLaunch', prelude, this.#main);
        if (first !== undefined) cuda.call('cudaGraphLaunch', first, this.#main);
        for (const part of others) cuda.call('cudaGraphLaunch', part, this.#main);
        cuda.call('cudaStreamWaitEvent', this.#main, this.#joined, 0);
        return cuda.callAsync('cudaStreamSynchronize', this.#main);
      },
      free: () => {
        const all = prelude === null ? [...parts, encoder] : [...parts, encoder, prelude];
        for (const part of all) cuda.call('cudaGraphExecDestroy', part);
      },
    };
  }

  #capture(stream: bigint, queue: () => void): bigint {
    const cuda = this.#cuda;
    const slot = new BigUint64Array(1);
    cuda.call('cudaStreamBeginCapture', stream, relaxed);
    try {
      queue();
    } finally {
      cuda.call('cudaStreamEndCapture', stream, slot);
    }
    const graph = slot[0] ?? 0n;
    const executable = cuda.create('cudaGraphInstantiate', graph, 0);
    cuda.call('cudaGraphDestroy', graph);
    return executable;
  }
}
