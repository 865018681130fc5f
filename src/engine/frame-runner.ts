import type { LaneFrame, LaneResult } from './model-contract.ts';

/** Takes lanes through one frame: sound in, codes, tokens, codes, sound out. */
export interface FrameRunner {
  /** Results are in the order of `frames`; each lane at most once. @throws ORT_FAILED, CUDA_FAILED */
  run(frames: readonly LaneFrame[]): Promise<readonly LaneResult[]>;
  close(): void;
}
