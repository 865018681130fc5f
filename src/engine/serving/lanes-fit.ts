import { SpeakerpostError } from '../../runtime/errors.ts';
import type { ModelMemory } from '../checkpoint/memory.ts';

/** Where personas are prepared: one lane that no call gets. */
const personaLanes = 1;

/**
 * Refuses more lanes than there is memory for, before any of it is taken. Each process has the weights for itself.
 * @throws ENGINE_LANES_TOO_MANY naming the number that fits
 */
export function checkLanesFit(
  { weightsBytes, laneBytes }: ModelMemory,
  lanes: number,
  availableBytes: number,
  processes = 1,
): void {
  const fixedBytes = processes * (weightsBytes + personaLanes * laneBytes);
  const neededBytes = fixedBytes + lanes * laneBytes;
  if (neededBytes <= availableBytes) return;
  const fits = Math.max(0, Math.floor((availableBytes - fixedBytes) / laneBytes));
  const megabytes = (bytes: number): number => Math.ceil(bytes / 1e6);
  throw new SpeakerpostError('ENGINE_LANES_TOO_MANY', {
    lanes,
    neededMb: megabytes(neededBytes),
    availableMb: Math.floor(availableBytes / 1e6),
    fits,
  });
}
