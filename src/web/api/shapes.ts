import { z } from 'zod';
import { ticketSchema } from '../../orders/ticket.ts';
import type { CallDetail, CallSummary } from '../../records/contract.ts';

/** Shapes of answers, for openapi.json. They follow the rooms' contracts; a test compares them. */

export const callSummary = z.object({
  callId: z.string(),
  lane: z.string(),
  startedWallMs: z.number(),
  durationMs: z.number().nullable(),
  outcome: z.enum(['live', 'ordered', 'abandoned', 'no_order', 'failed', 'interrupted']),
  reason: z.string().nullable(),
  greetedMs: z.number().nullable(),
  items: z.number(),
  totalCents: z.number().nullable(),
  currency: z.string().nullable(),
  reviewReasons: z.array(z.string()).readonly(),
  deliveryState: z.enum(['pending', 'queued', 'acked', 'needs_attention', 'dead']).nullable(),
}) satisfies z.ZodType<CallSummary>;

export const step = z.object({
  ticketId: z.string(),
  revision: z.number(),
  callId: z.string(),
  state: z.string(),
  what: z.string(),
  attempt: z.number().nullable(),
  detail: z.string().nullable(),
  posOrderId: z.string().nullable(),
  atWallMs: z.number(),
});

export const callDetail = z.object({
  summary: callSummary,
  sipCallId: z.string(),
  from: z.string(),
  source: z.string(),
  codec: z.string(),
  menuId: z.string(),
  personaId: z.string(),
  seed: z.number(),
  consent: z.string().nullable(),
  words: z.array(z.object({ turn: z.number(), text: z.string(), fromMs: z.number(), toMs: z.number() })),
  log: z.array(z.object({ atMs: z.number(), what: z.string(), detail: z.string() })),
  drafts: z.array(z.looseObject({ customerSeq: z.number(), status: z.string() })),
  tickets: z.array(z.object({ ticket: ticketSchema, state: z.string(), trail: z.array(step) })),
  stats: z.looseObject({}).nullable(),
  recording: z.string().nullable(),
} satisfies Record<keyof CallDetail, z.ZodType>);
