import { z } from 'zod';
import type { CallListQuery, CallSummary, RecordReader } from '../records/contract.ts';

const wallMs = z.coerce.number().int().nonnegative().nullable().default(null);
const text = z
  .string()
  .max(200)
  .transform((given) => (given === '' ? null : given))
  .nullable()
  .default(null);

/** A URL's query for the list. What is missing asks for everything. */
export const callListQuery = z.object({
  limit: z.coerce.number().int().min(1).max(200).default(50),
  /** `next` of the page before. */
  after: z
    .string()
    .regex(/^\d{1,16}-./)
    .max(300)
    .nullable()
    .default(null),
  lane: text,
  outcome: z.enum(['live', 'ordered', 'abandoned', 'no_order', 'failed', 'interrupted']).nullable().default(null),
  delivery: z.enum(['pending', 'queued', 'acked', 'needs_attention', 'dead']).nullable().default(null),
  flag: text,
  /** Words that the agent said, or items of the order. */
  text,
  from: wallMs,
  to: wallMs,
  order: z.enum(['newest', 'worst']).default('newest'),
});

export interface CallPage {
  readonly calls: readonly CallSummary[];
  /** For `after` of the next page; null: this is the last. */
  readonly next: string | null;
}

export async function listCalls(reader: RecordReader, query: z.output<typeof callListQuery>): Promise<CallPage> {
  const { limit, order } = query;
  const found = await reader.listCalls({ ...readerQuery(query), limit: limit + 1 });
  const calls = found.slice(0, limit);
  const last = calls.at(-1);
  const isMore = order === 'newest' && found.length > limit && last !== undefined;
  return { calls, next: isMore ? `${last.startedWallMs}-${last.callId}` : null };
}

function readerQuery(query: z.output<typeof callListQuery>): CallListQuery {
  const { limit, after, lane, outcome, delivery, flag, text, from, to, order } = query;
  const [, startedWallMs, callId] = /^(\d+)-(.*)$/s.exec(after ?? '') ?? [];
  return {
    limit,
    order,
    after:
      startedWallMs === undefined || callId === undefined ? null : { startedWallMs: Number(startedWallMs), callId },
    filter: { lane, outcome, delivery, flag, text, fromWallMs: from, toWallMs: to },
  };
}
