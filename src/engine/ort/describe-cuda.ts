import { SpeakerpostError } from '../../runtime/errors.ts';
import type { CudaFunctions } from './cuda-functions.ts';
import { findCudaLibraries, loadCuda } from './cuda-library.ts';

export interface CudaCard {
  readonly index: number;
  readonly computeCapability: string;
  /** From 8.0 on. 9.0 is the one that the published figures were measured on. */
  readonly isSupported: boolean;
  readonly freeBytes: number;
  readonly totalBytes: number;
}

/** What stands between this machine and `engine.device: cuda`. */
export interface CudaDescription {
  /** The provider's file; null when there is none. */
  readonly provider: string | null;
  readonly missingLibraries: readonly string[];
  /** Of the CUDA runtime and of the driver, 13000 for 13.0; null when the libraries are not all there. */
  readonly versions: { readonly runtime: number; readonly driver: number } | null;
  readonly cards: readonly CudaCard[];
  /** Why no card can be used, with the remedy; null when one can. */
  readonly problem: SpeakerpostError | null;
}

// driver_types.h: cudaDevAttrComputeCapabilityMajor, cudaDevAttrComputeCapabilityMinor
const capabilityMajor = 75;
const capabilityMinor = 76;
const leastMajor = 8;

/** Looks, and changes nothing. For `doctor`, and for `engine.device: auto`. */
export function describeCuda(): CudaDescription {
  let provider: string | null = null;
  let missingLibraries: readonly string[] = [];
  try {
    const files = findCudaLibraries();
    provider = files.provider;
    missingLibraries = files.missing;
    const cuda = loadCuda(files);
    const cards = listCards(cuda);
    const versions = {
      runtime: cuda.integer('cudaRuntimeGetVersion'),
      driver: cuda.integer('cudaDriverGetVersion'),
    };
    const problem = cards.some(({ isSupported }) => isSupported)
      ? null
      : new SpeakerpostError('CUDA_CARD_UNSUPPORTED', {
          found: cards.map(({ computeCapability }) => computeCapability).join(', ') || 'no card',
        });
    return { provider, missingLibraries, versions, cards, problem };
  } catch (error) {
    if (!(error instanceof SpeakerpostError)) throw error;
    return { provider, missingLibraries, versions: null, cards: [], problem: error };
  }
}

/** The cards that CUDA shows this process. @throws CUDA_FAILED */
export function listCards(cuda: CudaFunctions): readonly CudaCard[] {
  const count = cuda.integer('cudaGetDeviceCount');
  const free = new BigUint64Array(1);
  const total = new BigUint64Array(1);
  return Array.from({ length: count }, (_, index) => {
    const major = cuda.integer('cudaDeviceGetAttribute', capabilityMajor, index);
    const minor = cuda.integer('cudaDeviceGetAttribute', capabilityMinor, index);
    cuda.call('cudaSetDevice', index);
    cuda.call('cudaMemGetInfo', free, total);
    cuda.call('cudaSetDevice', 0);
    return {
      index,
      computeCapability: `${major}.${minor}`,
      isSupported: major >= leastMajor,
      freeBytes: Number(free[0]),
      totalBytes: Number(total[0]),
    };
  });
}
