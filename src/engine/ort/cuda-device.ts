import { SpeakerpostError } from '../../runtime/errors.ts';
import type { CudaFunctions } from './cuda-functions.ts';
import { findCudaLibraries, loadCuda } from './cuda-library.ts';
import { CudaMemory, PinnedMemory } from './cuda-memory.ts';
import { StreamRecorder } from './cuda-recorder.ts';
import { listCards } from './describe-cuda.ts';
import type { Device, DeviceRunOptions, DeviceSessionOptions, MemoryState, RunRecorder } from './device.ts';
import type { OrtHandle, OrtLibrary } from './library.ts';

// onnxruntime_c_api.h: OrtDeviceAllocator, OrtMemTypeDefault
const deviceAllocator = 0;
const memTypeDefault = 0;
const registeredAs = 'CUDAExecutionProvider';
// cuda_runtime_api.h: cudaStreamNonBlocking
const nonBlocking = 1;
// Lower numbers go first; CUDA takes the nearest that the card has. What runs beside takes what the main run leaves free.
const first = -5;
const last = 0;

/**
 * One CUDA card, the only one this process uses. Everything is queued on two streams: `main`, where state is also copied
 * and cleared, and `beside`.
 */
export class CudaDevice implements Device {
  readonly name: string;
  readonly copiesBoundInputs = false;
  readonly recorder: RunRecorder;
  readonly #cuda: CudaFunctions;
  readonly #provider: string;
  readonly #main: bigint;
  readonly #beside: bigint;

  /**
   * @param index as nvidia-smi counts among the visible cards
   * @throws CUDA_PROVIDER_MISSING, CUDA_LIBRARY_MISSING, CUDA_CARD_UNSUPPORTED, CUDA_FAILED
   */
  constructor(index = 0) {
    this.name = index === 0 ? 'cuda' : `cuda:${index}`;
    const files = findCudaLibraries();
    showOnly(index);
    this.#cuda = loadCuda(files);
    this.#provider = files.provider;
    const [card] = listCards(this.#cuda);
    if (card?.isSupported !== true) {
      throw new SpeakerpostError('CUDA_CARD_UNSUPPORTED', { found: card?.computeCapability ?? `no card ${index}` });
    }
    this.#main = this.#cuda.create('cudaStreamCreateWithPriority', nonBlocking, first);
    this.#beside = this.#cuda.create('cudaStreamCreateWithPriority', nonBlocking, last);
    this.recorder = new StreamRecorder(this.#cuda, this.#main, this.#beside);
  }

  memory(): MemoryState {
    const free = new BigUint64Array(1);
    const total = new BigUint64Array(1);
    this.#cuda.call('cudaMemGetInfo', free, total);
    return { freeBytes: Number(free[0]), totalBytes: Number(total[0]) };
  }

  allocate(byteLength: number): CudaMemory {
    return new CudaMemory(this.#cuda, this.#main, byteLength);
  }

  allocateShared(byteLength: number): PinnedMemory {
    return new PinnedMemory(this.#cuda, byteLength);
  }

  createMemoryInfo(library: OrtLibrary): OrtHandle {
    return library.create('CreateMemoryInfo', 'Cuda', deviceAllocator, 0, memTypeDefault);
  }

  attach(library: OrtLibrary, environment: OrtHandle): void {
    library.call('RegisterExecutionProviderLibrary', environment, registeredAs, this.#provider);
  }

  configureSession(
    library: OrtLibrary,
    environment: OrtHandle,
    settings: OrtHandle,
    options: DeviceSessionOptions,
  ): void {
    // Runs of one shape take the same memory each time, as a recording needs.
    library.call('DisableMemPattern', settings);
    library.call('AddSessionConfigEntry', settings, 'session.disable_prepacking', '1');
    const provider = {
      user_compute_stream: String(options.queue === 'main' ? this.#main : this.#beside),
      has_user_compute_stream: '1',
      // We record ourselves (run option gpu_graph_id -1); with this, a graph with a node that has no CUDA kernel is refused.
      enable_cuda_graph: '1',
      use_tf32: options.allowsShortFloats ? '1' : '0',
      cudnn_conv_algo_search: 'HEURISTIC',
    };
    library.call(
      'SessionOptionsAppendExecutionProvider_V2',
      settings,
      environment,
      BigUint64Array.of(this.#endpoint(library, environment)),
      1,
      Object.keys(provider),
      Object.values(provider),
      Object.keys(provider).length,
    );
  }

  createRunOptions(library: OrtLibrary): DeviceRunOptions {
    const withEntries = (entries: Readonly<Record<string, string>>): OrtHandle => {
      const handle = library.create('CreateRunOptions');
      for (const [key, value] of Object.entries(entries)) library.call('AddRunConfigEntry', handle, key, value);
      return handle;
    };
    const noGraphOfItsOwn = { gpu_graph_id: '-1' };
    return {
      finished: withEntries(noGraphOfItsOwn),
      queued: withEntries({ ...noGraphOfItsOwn, disable_synchronize_execution_providers: '1' }),
    };
  }

  settle(): void {
    this.#cuda.call('cudaStreamSynchronize', this.#main);
  }

  detach(library: OrtLibrary, environment: OrtHandle): void {
    library.call('UnregisterExecutionProviderLibrary', environment, registeredAs);
  }

  /** The provider's handle for the card. */
  #endpoint(library: OrtLibrary, environment: OrtHandle): OrtHandle {
    const list = new BigUint64Array(1);
    const count = new BigUint64Array(1);
    library.call('GetEpDevices', environment, list, count);
    for (const endpoint of library.pointers(list[0] ?? 0n, Number(count[0]))) {
      if (library.text('EpDevice_EpName', endpoint) === registeredAs) return endpoint;
    }
    throw new SpeakerpostError('CUDA_PROVIDER_MISSING', { file: this.#provider, reason: 'it shows no device' });
  }
}

/** Hides all other cards, before CUDA starts: each thread that calls it would otherwise begin on the first one. */
function showOnly(index: number): void {
  const visible = process.env['CUDA_VISIBLE_DEVICES'];
  if (index === 0 && visible === undefined) return;
  const shown = visible === undefined ? String(index) : (visible.split(',')[index] ?? '-1');
  process.env['CUDA_VISIBLE_DEVICES'] = shown;
}
