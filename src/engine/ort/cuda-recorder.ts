import type { CudaFunctions } from './cuda-functions.ts';
import type { RecordedRuns, RunRecorder } from './device.ts';

// cuda_runtime_api.h: cudaStreamCaptureModeRelaxed, cudaEventDisableTiming
const relaxed = 2;
const noTiming = 2;

/**
 * Runs captured into CUDA graphs: one of `beside`, one of each part of `main`.
 *
 *   main    ──┬────────── temporal ── depth ─┬─ decoder ──┬──▶
 *   beside    └─ encoder ────────────────────┘            │
 *   host     samples  │ tokens │ noise │ codes   tokens   samples
 *
 * Starting a graph takes the host about 0.4 ms a thousand kernels; in parts, that time and what the host has to write for the later
 * parts is hidden behind the earlier ones.
 */
export class StreamRecorder implements RunRecorder {
  readonly #cuda: CudaFunctions;
  readonly #main: bigint;
  readonly #beside: bigint;
  readonly #forked: bigint;
  readonly #besideDone: bigint;
  readonly #mainDone: bigint;

  constructor(cuda: CudaFunctions, main: bigint, beside: bigint) {
    this.#cuda = cuda;
    this.#main = main;
    this.#beside = beside;
    this.#forked = cuda.create('cudaEventCreateWithFlags', noTiming);
    this.#besideDone = cuda.create('cudaEventCreateWithFlags', noTiming);
    this.#mainDone = cuda.create('cudaEventCreateWithFlags', noTiming);
  }

  settle(): void {
    this.#cuda.call('cudaStreamSynchronize', this.#beside);
    this.#cuda.call('cudaStreamSynchronize', this.#main);
  }

  record(main: readonly (() => void)[], beside: () => void): RecordedRuns {
    const cuda = this.#cuda;
    const parts = main.map((part) => this.#capture(this.#main, part));
    const other = this.#capture(this.#beside, beside);
    return {
      startBeside: () => {
        cuda.call('cudaEventRecord', this.#forked, this.#main);
        cuda.call('cudaStreamWaitEvent', this.#beside, this.#forked, 0);
        cuda.call('cudaGraphLaunch', other, this.#beside);
        cuda.call('cudaEventRecord', this.#besideDone, this.#beside);
      },
      start: (index) => {
        const part = parts[index];
        if (part === undefined) throw new Error(`no part ${index}`);
        cuda.call('cudaGraphLaunch', part, this.#main);
      },
      passed: () => {
        cuda.call('cudaStreamWaitEvent', this.#main, this.#besideDone, 0);
        cuda.call('cudaEventRecord', this.#mainDone, this.#main);
        return () => cuda.callAsync('cudaEventSynchronize', this.#mainDone);
      },
      finished: () => cuda.callAsync('cudaStreamSynchronize', this.#main),
      free: () => {
        for (const part of [...parts, other]) cuda.call('cudaGraphExecDestroy', part);
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
