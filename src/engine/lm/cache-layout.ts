import { ringSlots } from '../layers/ring-attention.ts';

/**
 * What a full cache forgets. `ring`: the oldest position, as published. `pin-persona`: never the persona's, and of the conversation the
 * oldest part; positions count within the cache, so that no distance is beyond those that the model was trained with
 * (Xiao et al., "Efficient Streaming Language Models with Attention Sinks", 3.2).
 */
export type CachePolicy = 'ring' | 'pin-persona';

export interface CacheLayout {
  /** `ring`: slots are written round and round, a mask says who is where. `linear`: in order, from the first on (linear-cache.ts). */
  readonly kind: 'ring' | 'linear';
  readonly policy: CachePolicy;
  readonly slots: number;
  /** Positions that one attends to at most, its own included; null: all that are held. */
  readonly window: number | null;
}

/** A linear cache makes room for so many positions at once, at least: a sixteenth of what it holds. */
const roomShare = 16;

/**
 * @param context the published ring's slots @param positions that a lane shall hold
 * @param isFused attention is one operator, which appends
 */
export function cacheLayout(context: number, positions: number, policy: CachePolicy, isFused: boolean): CacheLayout {
  const held = Math.min(ringSlots(context), positions);
  if (policy === 'pin-persona') return { kind: 'linear', policy, slots: held, window: null };
  if (!isFused) return { kind: 'ring', policy, slots: held, window: null };
  return { kind: 'linear', policy, slots: held + roomOf(held), window: held };
}

/** Positions that room is made for at once. */
export function roomOf(held: number): number {
  return Math.max(1, Math.floor(held / roomShare));
}
