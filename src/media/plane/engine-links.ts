import { placementOrder } from '../../engine/serving/placement.ts';
import { isError, SpeakerpostError } from '../../runtime/errors.ts';
import type { EngineLink, OpenedLane } from './engine-link.ts';

/** The engine processes as one: a call's lane is taken where there is most room, and what one refuses the next is asked for. */
export class EngineLinks {
  readonly #links: readonly EngineLink[];

  constructor(links: readonly EngineLink[]) {
    this.#links = links;
  }

  /** Rejects with LANE_NONE_FREE where an engine that is up has none, else with LANE_UNAVAILABLE, or with PERSONA_UNKNOWN. */
  async openLane(personaId: string, seed: number, logFile: string | null = null): Promise<OpenedLane> {
    const refusals: SpeakerpostError[] = [];
    for (const index of placementOrder(this.#links.map(({ load }) => load))) {
      const link = this.#links[index];
      // An engine that is away costs a guest a second: not where another one is up and only full.
      if (link === undefined || (link.load === null && refusals.some(isFull))) continue;
      try {
        return await link.openLane(personaId, seed, logFile);
      } catch (error) {
        if (!isFull(error) && !isError(error, 'LANE_UNAVAILABLE')) throw error;
        refusals.push(error);
      }
    }
    throw refusals.find(isFull) ?? refusals[0] ?? new SpeakerpostError('INTERNAL', { reason: 'there is no engine' });
  }

  close(): void {
    for (const link of this.#links) link.close();
  }
}

const isFull = (error: unknown): error is SpeakerpostError => isError(error, 'LANE_NONE_FREE');
