import type { CallSummary } from './contract.ts';

/** What makes a call one that a manager should hear first, in points. Shown beside the list, so that nobody has to guess. */
export const badness: readonly { readonly why: string; readonly points: (call: CallSummary) => number }[] = [
  {
    why: 'the agent failed or the call was cut',
    points: ({ outcome }) => (outcome === 'failed' || outcome === 'interrupted' ? 100 : 0),
  },
  {
    why: 'the POS does not have the order',
    points: ({ deliveryState }) => (deliveryState === 'dead' || deliveryState === 'needs_attention' ? 80 : 0),
  },
  {
    why: 'the spoken total was wrong',
    points: ({ reviewReasons }) => (reviewReasons.includes('total_mismatch') ? 60 : 0),
  },
  {
    why: 'each other reason for review',
    points: ({ reviewReasons }) => 15 * reviewReasons.filter((each) => each !== 'total_mismatch').length,
  },
  {
    why: 'the car left with items on the order',
    points: ({ outcome, items }) => (outcome === 'abandoned' && items > 0 ? 40 : 0),
  },
  {
    why: 'no greeting, or later than 3 s',
    points: ({ greetedMs }) => (greetedMs === null || greetedMs > 3_000 ? 20 : 0),
  },
  { why: 'longer than 3 minutes', points: ({ durationMs }) => (durationMs !== null && durationMs > 180_000 ? 10 : 0) },
];

function badnessOf(call: CallSummary): number {
  return badness.reduce((sum, { points }) => sum + points(call), 0);
}

/** The worst first, the newer of two equals first; calls without a fault and live ones are left out. */
export function worstOf(calls: readonly CallSummary[], limit: number): readonly CallSummary[] {
  return calls
    .filter((call) => call.outcome !== 'live')
    .map((call) => ({ call, points: badnessOf(call) }))
    .filter(({ points }) => points > 0)
    .sort((a, b) => b.points - a.points || b.call.startedWallMs - a.call.startedWallMs)
    .slice(0, limit)
    .map(({ call }) => call);
}
