import { z } from 'zod';
import type { CallSummary, RecordReader } from '../records/contract.ts';

const query = z.object({
  limit: z.coerce.number().int().min(1).max(200).catch(50),
  before: z.coerce.number().int().positive().nullable().catch(null),
});

/** One page of the list, from a URL's `limit` and `before` (ms since the epoch; what is no number counts as missing). */
export async function listCalls(
  reader: RecordReader,
  urlQuery: unknown,
): Promise<{ readonly calls: readonly CallSummary[]; readonly olderThanMs: number | null }> {
  const { limit, before } = query.parse(urlQuery);
  const found = await reader.listCalls({ limit: limit + 1, beforeWallMs: before });
  const calls = found.slice(0, limit);
  return { calls, olderThanMs: found.length > limit ? (calls.at(-1)?.startedWallMs ?? null) : null };
}
