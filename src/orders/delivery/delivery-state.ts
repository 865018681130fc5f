import type { DeliveryState } from '../contract.ts';

/** How long the relay trusts that a job it put in the queue is still there. */
export const LEASE_MS = 5_000;
/** A ticket that needs attention is tried again so often. */
const ATTENTION_RETRY_MS = 60_000;
/** So long after it needs attention a ticket is dead: the store has closed, nobody waits for that car's food. */
export const GIVE_UP_AFTER_MS = 12 * 3_600_000;

/** What the outbox knows of one ticket's way to the POS. */
export interface Delivery {
  readonly ticketId: string;
  readonly revision: number;
  readonly callId: string;
  readonly state: DeliveryState;
  /** Jobs made for it so far; each has an id of its own, all carry the same idempotency key. */
  readonly generation: number;
  /** Times it was sent to the POS. */
  readonly attempts: number;
  /** The POS has said no for good, or it is held for the crew: nothing is sent until somebody sends it. */
  readonly refused: boolean;
  /** When attention is raised unless the POS has answered. Wall time: it has to outlive the process. */
  readonly attentionWallMs: number;
  /** Until when the job in the queue is trusted; null: there is no job. */
  readonly leaseWallMs: number | null;
  /** Not put in the queue before this. */
  readonly nextWallMs: number;
  readonly posOrderId: string | null;
}

export type DeliveryChange =
  /** The relay put a job in the queue. */
  | { readonly kind: 'queued' }
  /** The lease ended and the job is still there. */
  | { readonly kind: 'leased' }
  /** The queue has no live job of it any more: it lost its data, or the job failed. */
  | { readonly kind: 'lost' }
  | { readonly kind: 'failed'; readonly detail: string }
  | { readonly kind: 'refused'; readonly detail: string }
  | { readonly kind: 'accepted'; readonly detail: string; readonly posOrderId: string | null }
  /** A later revision is with the POS already: this one must not overwrite it. */
  | { readonly kind: 'superseded'; readonly revision: number }
  /** The crew has to look before anything is sent. */
  | { readonly kind: 'held'; readonly reasons: string }
  | { readonly kind: 'overdue' }
  | { readonly kind: 'given_up' }
  | { readonly kind: 'resent'; readonly attentionAfterMs: number };

/** A line of the trail that a change writes; the outbox adds ids and time. */
export interface Trace {
  readonly what: 'held' | 'queued' | 'attempt' | 'acked' | 'attention' | 'dead' | 'resent';
  readonly attempt: number | null;
  readonly detail: string | null;
}

/**
 * One change of a delivery, pure.
 *
 *                    lost: next generation
 *               ┌──────────────────────────┐
 *   commit ─▶ pending ──queued──▶ queued ──┴─accepted──▶ acked
 *               │                    │                     ▲
 *               └─overdue, refused, held─▶ needs_attention ──┤ accepted
 *                                          │  └─ once a minute, unless refused or held
 *                                          └─given_up──▶ dead          resent: any ─▶ pending
 */
export function advance(
  delivery: Delivery,
  change: DeliveryChange,
  nowWallMs: number,
): { readonly delivery: Delivery; readonly traces: readonly Trace[] } {
  const { state, generation } = delivery;
  const attempts = delivery.attempts + 1;
  switch (change.kind) {
    case 'queued': {
      const next = { ...delivery, state: state === 'pending' ? 'queued' : state, leaseWallMs: nowWallMs + LEASE_MS };
      return { delivery: next, traces: [{ what: 'queued', attempt: null, detail: `generation ${generation}` }] };
    }
    case 'leased':
      return { delivery: { ...delivery, leaseWallMs: nowWallMs + LEASE_MS }, traces: [] };
    case 'lost': {
      const waits = state === 'needs_attention';
      const next = {
        ...delivery,
        state: state === 'queued' ? ('pending' as const) : state,
        generation: generation + 1,
        leaseWallMs: null,
        nextWallMs: waits ? nowWallMs + ATTENTION_RETRY_MS : nowWallMs,
      };
      return { delivery: next, traces: [] };
    }
    case 'failed':
      return {
        delivery: { ...delivery, attempts },
        traces: [{ what: 'attempt', attempt: attempts, detail: change.detail }],
      };
    case 'refused':
      return {
        delivery: { ...delivery, attempts, state: 'needs_attention', refused: true, leaseWallMs: null },
        traces: [
          { what: 'attempt', attempt: attempts, detail: change.detail },
          { what: 'attention', attempt: null, detail: 'the POS refuses it' },
        ],
      };
    case 'accepted': {
      const posOrderId = change.posOrderId ?? delivery.posOrderId;
      const next = { ...delivery, attempts, state: 'acked' as const, refused: false, leaseWallMs: null, posOrderId };
      return { delivery: next, traces: [{ what: 'acked', attempt: attempts, detail: change.detail }] };
    }
    case 'superseded':
      return {
        delivery: { ...delivery, state: 'acked', refused: false, leaseWallMs: null },
        traces: [{ what: 'acked', attempt: null, detail: `not sent: revision ${change.revision} is there` }],
      };
    case 'held':
      return {
        delivery: { ...delivery, state: 'needs_attention', refused: true, attentionWallMs: nowWallMs },
        traces: [{ what: 'held', attempt: null, detail: change.reasons }],
      };
    case 'overdue':
      return {
        delivery: { ...delivery, state: 'needs_attention', nextWallMs: Math.max(delivery.nextWallMs, nowWallMs) },
        traces: [{ what: 'attention', attempt: null, detail: 'the POS has not taken it' }],
      };
    case 'given_up':
      return {
        delivery: { ...delivery, state: 'dead', leaseWallMs: null },
        traces: [{ what: 'dead', attempt: null, detail: 'no more tries' }],
      };
    case 'resent': {
      const next = {
        ...delivery,
        state: 'pending' as const,
        generation: generation + 1,
        refused: false,
        attentionWallMs: nowWallMs + change.attentionAfterMs,
        leaseWallMs: null,
        nextWallMs: nowWallMs,
      };
      return { delivery: next, traces: [{ what: 'resent', attempt: null, detail: `generation ${next.generation}` }] };
    }
  }
}
