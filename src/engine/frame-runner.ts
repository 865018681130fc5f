import { frameSamples } from './checkpoint/configuration.ts';
import type { LaneFrame, LaneResult } from './model-contract.ts';

/** Takes lanes through one frame: sound in, codes, tokens, codes, sound out. */
export interface FrameRunner {
  /** Results are in the order of `frames`; each lane at most once. @throws ORT_FAILED, CUDA_FAILED */
  run(frames: readonly LaneFrame[]): Promise<readonly LaneResult[]>;
  close(): void;
}

/** What a lane sounds like that says nothing yet. */
export function silence(target: Float32Array = new Float32Array(frameSamples)): Float32Array {
  return target.fill(0);
}
