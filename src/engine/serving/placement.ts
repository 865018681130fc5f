import type { EngineLoad } from '../contract.ts';
import { deadlineMs } from './stage-timings.ts';

/**
 * The order in which engines are asked for a lane: those in time before those that are late; among them the one with the most free lanes; where
 * two have as many, the one that is quicker. `null`: an engine that is away; it comes last.
 * @returns indices into `loads`
 */
export function placementOrder(loads: readonly (EngineLoad | null)[]): readonly number[] {
  const isLate = (load: EngineLoad): boolean => (load.p99Ms ?? 0) > deadlineMs;
  const free = ({ lanes, openLanes }: EngineLoad): number => lanes - openLanes;
  const compare = (a: EngineLoad | null, b: EngineLoad | null): number => {
    if (a === null || b === null) return Number(a === null) - Number(b === null);
    return Number(isLate(a)) - Number(isLate(b)) || free(b) - free(a) || (a.p99Ms ?? 0) - (b.p99Ms ?? 0);
  };
  return loads.map((_, i) => i).sort((i, j) => compare(loads[i] ?? null, loads[j] ?? null));
}
