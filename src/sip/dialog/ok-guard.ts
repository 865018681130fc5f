import { T1_MS, T2_MS, TRANSACTION_TIMEOUT_MS } from '../transaction/timers.ts';

/**
 * Retransmission of a 2xx to INVITE until its ACK (RFC 3261 13.3.1.4), as a pure machine: the transaction is gone by then, so
 * the user agent core does it, over every transport.
 */
export interface OkGuardState {
  readonly name: 'waiting' | 'done';
  readonly startedMs: number;
  readonly intervalMs: number;
}

export type OkGuardEffect =
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'send' }
  | { readonly do: 'giveUp' };

interface OkGuardStep {
  readonly state: OkGuardState;
  readonly effects: readonly OkGuardEffect[];
}

export function startOkGuard(nowMs: number): OkGuardStep {
  return {
    state: { name: 'waiting', startedMs: nowMs, intervalMs: T1_MS },
    effects: [{ do: 'wait', ms: T1_MS }],
  };
}

/** The wait is over: send again and wait twice as long up to T2; 64*T1 after the start, give up. */
export function okGuardDue(state: OkGuardState, nowMs: number): OkGuardStep {
  if (state.name === 'done') return { state, effects: [] };
  const leftMs = state.startedMs + TRANSACTION_TIMEOUT_MS - nowMs;
  if (leftMs <= 0) return { state: { ...state, name: 'done' }, effects: [{ do: 'giveUp' }] };
  const intervalMs = Math.min(2 * state.intervalMs, T2_MS);
  return {
    state: { ...state, intervalMs },
    effects: [{ do: 'send' }, { do: 'wait', ms: Math.min(intervalMs, leftMs) }],
  };
}
