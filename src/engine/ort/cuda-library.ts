import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SpeakerpostError } from '../../runtime/errors.ts';
import { CudaFunctions } from './cuda-functions.ts';
import { defaultLibraryFile } from './library.ts';
import { loadNativeLibrary } from './native-library.ts';
import { neededLibraries } from './needed-libraries.ts';

/** Where ONNX Runtime's CUDA provider is, and the libraries of CUDA that this machine lacks for it. */
export interface CudaProviderFiles {
  readonly provider: string;
  /** Names, as the dynamic linker looks for them. */
  readonly missing: readonly string[];
  /** The CUDA runtime that the provider was built for: `libcudart.so.13`. */
  readonly cudart: string;
}

/** Loaded by the provider itself when it first meets a convolution, so that it is not among the needed ones. */
const loadedLate = ['libcudnn.so.9'];

/** The provider beside npm's ONNX Runtime, or the file that the environment variable ORT_CUDA_PROVIDER names. */
function cudaProviderFile(): string {
  const chosen = process.env['ORT_CUDA_PROVIDER'];
  if (chosen !== undefined && chosen !== '') return chosen;
  return join(dirname(defaultLibraryFile()), 'libonnxruntime_providers_cuda.so');
}

/** Looks for every library by loading it. @throws CUDA_PROVIDER_MISSING when there is no provider to ask */
export function findCudaLibraries(): CudaProviderFiles {
  const provider = cudaProviderFile();
  const fail = (reason: string): SpeakerpostError =>
    new SpeakerpostError('CUDA_PROVIDER_MISSING', { file: provider, reason });
  if (!existsSync(provider)) throw fail('there is no such file');
  let needed: readonly string[];
  try {
    needed = neededLibraries(provider);
  } catch (error) {
    throw fail(String(error));
  }
  const cudart = needed.find((name) => name.startsWith('libcudart.so'));
  if (cudart === undefined) throw fail('it needs no libcudart');
  const shared = join(dirname(provider), 'libonnxruntime_providers_shared.so');
  const missing = [...needed, ...loadedLate].filter((name) => !canLoad(name));
  if (!existsSync(shared)) missing.push(shared);
  return { provider, missing, cudart };
}

/** @throws CUDA_LIBRARY_MISSING naming what the provider needs and this machine lacks */
export function loadCuda({ missing, cudart, provider }: CudaProviderFiles): CudaFunctions {
  if (missing.length > 0) {
    throw new SpeakerpostError('CUDA_LIBRARY_MISSING', { libraries: missing.join(', '), file: provider, cudart });
  }
  return new CudaFunctions(
    cudart,
    (call, status, reason) => new SpeakerpostError('CUDA_FAILED', { call, status, reason }),
  );
}

function canLoad(name: string): boolean {
  try {
    loadNativeLibrary(name);
    return true;
  } catch {
    return false;
  }
}
