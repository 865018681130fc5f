import { z } from 'zod';
import { definitions } from '../../records/numbers.ts';
import type { WebDeps, WebOptions } from '../contract.ts';
import { type ApiRoute, route } from './route.ts';

const RANGE_MAX_MS = 100 * 86_400_000;

const spread = z.object({ p50: z.number().nullable(), p95: z.number().nullable() });
const numbers = z.object({
  group: z.string(),
  calls: z.number(),
  ordered: z.number(),
  contained: z.number(),
  reviewed: z.number(),
  failed: z.number(),
  posFailed: z.number(),
  greetMs: spread,
  orderMs: spread,
  firstSoundMs: spread,
  posMs: spread,
  lateFrames: z.number(),
  frames: z.number(),
  salesCents: z.number(),
});

/** The store's figures, with what each of them means. */
export function numbersRoutes({ timezone }: WebOptions, { reader }: Pick<WebDeps, 'reader'>): ApiRoute[] {
  return [
    route({
      method: 'get',
      path: '/api/numbers',
      summary: 'Figures of calls by hour, day or lane, with their definitions',
      permission: 'numbers.read',
      query: z
        .object({
          from: z.coerce.number().int(),
          to: z.coerce.number().int(),
          by: z.enum(['hour', 'day', 'lane']).default('hour'),
        })
        .refine(({ from, to }) => from < to && to - from <= RANGE_MAX_MS, 'from before to, at most 100 days'),
      answer: z.object({ groups: z.array(numbers), all: numbers, definitions: z.record(z.string(), z.string()) }),
      async handle({ query: { from, to, by } }) {
        const answer = await reader.numbers({ fromWallMs: from, toWallMs: to, by, timezone });
        return { ...answer, definitions };
      },
    }),
  ];
}
