import { cacheLayout } from '../lm/cache-layout.ts';
import type { ModelConfiguration } from './configuration.ts';
import { lmTensors, mimiTensors } from './tensor-plan.ts';

/** How numbers are held while the model runs. Mimi is float32 in all. */
export type MemoryMode = 'cpu float32' | `cuda ${'float32' | 'float16' | 'bfloat16'}`;
/** Those that are used without an option. */
export const memoryModes: readonly MemoryMode[] = ['cpu float32', 'cuda bfloat16'];

export interface ModelMemory {
  readonly weightsBytes: number;
  /** Keys and values, the codec's past, inputs and outputs of one conversation. */
  readonly laneBytes: number;
  /** Of that, keys and values of one position of the temporal transformer. */
  readonly positionBytes: number;
}

/** What a model of these sizes takes, with so many positions a lane. Work space of the operators comes on top (tens of megabytes). */
export function modelMemory(
  { lm, mimi, sampling }: ModelConfiguration,
  mode: MemoryMode,
  positions = lm.context,
): ModelMemory {
  const lmBytes = mode.endsWith(' float32') ? 4 : 2;
  const mimiBytes = 4;
  const positionBytes = 2 * lm.layers * lm.dim * lmBytes;
  // The engine loads the agent's depth steps only, and the codebooks that are used.
  const usedLm = { ...lm, depth: { ...lm.depth, storedSteps: lm.codebooks } };
  const lmWeights = sum(lmTensors(usedLm), ({ shape }) => product(shape)) * lmBytes;
  const mimiWeights = sum(mimiTensors(mimi, mimi.codebooks), ({ shape }) => product(shape)) * mimiBytes;
  const codecPositions = 2 * 2 * mimi.transformer.layers * mimi.transformer.context * mimi.dim;
  const codecPast = sum(mimiTensors(mimi, 1), ({ shape: [, inputs = 0, kernel = 0] }) => inputs * kernel);
  const logits = lm.textCard + lm.codebooks * (lm.card + sampling.audio.topK);
  return {
    weightsBytes: lmWeights + mimiWeights,
    laneBytes:
      cacheLayout(lm.context, positions, 'ring', mode !== 'cuda float32').slots * positionBytes +
      (codecPositions + codecPast + logits) * mimiBytes,
    positionBytes,
  };
}

function sum<Item>(items: Iterable<Item>, of: (item: Item) => number): number {
  let total = 0;
  for (const item of items) total += of(item);
  return total;
}

const product = (shape: readonly number[]): number => shape.reduce((all, size) => all * size, 1);
