import type { EngineLoad } from '../contract.ts';
import { deadlineMs } from './stage-timings.ts';

/**
 * The order in which engines are asked for a lane: those in time, those that are late, those that are full, those that are away (`null`); among
 * equals the one with the most free lanes; where two have as many, the one that is quicker.
 * @returns indices into `loads`
 */
export function placementOrder(loads: readonly (EngineLoad | null)[]): readonly number[] {
  const free = ({ lanes, openLanes }: EngineLoad): number => lanes - openLanes;
  const rank = (load: EngineLoad): number => (free(load) <= 0 ? 2 : (load.p99Ms ?? 0) > deadlineMs ? 1 : 0);
  const compare = (a: EngineLoad | null, b: EngineLoad | null): number => {
    if (a === null || b === null) return Number(a === null) - Number(b === null);
    return rank(a) - rank(b) || free(b) - free(a) || (a.p99Ms ?? 0) - (b.p99Ms ?? 0);
  };
  return loads.map((_, i) => i).sort((i, j) => compare(loads[i] ?? null, loads[j] ?? null));
}
