import { stringify } from 'csv-stringify/sync';
import { z } from 'zod';
import type { CallSummary } from '../../records/contract.ts';
import { badness } from '../../records/worst-calls.ts';
import { callListQuery, listCalls } from '../call-list.ts';
import type { WebDeps, WebOptions } from '../contract.ts';
import { dateTime } from '../format.ts';
import { ApiAnswer, type ApiRoute, notFound, route } from './route.ts';
import { callDetail, callSummary } from './shapes.ts';

const CSV_ROWS_MAX = 10_000;
const CSV_PAGE = 200;

/** Finding calls and reading one. */
export function callRoutes({ timezone }: WebOptions, { reader }: Pick<WebDeps, 'reader'>): ApiRoute[] {
  return [
    route({
      method: 'get',
      path: '/api/calls',
      summary: 'List calls, newest or worst first',
      permission: 'calls.read',
      query: callListQuery,
      answer: z.object({ calls: z.array(callSummary), next: z.string().nullable() }),
      handle: ({ query }) => listCalls(reader, query),
    }),
    route({
      method: 'get',
      path: '/api/calls.csv',
      summary: `List calls as CSV, at most ${CSV_ROWS_MAX}`,
      permission: 'calls.read',
      query: callListQuery,
      answer: z.string(),
      async handle({ query, note }) {
        const calls: CallSummary[] = [];
        for (let after = query.after; calls.length < CSV_ROWS_MAX; ) {
          const page = await listCalls(reader, { ...query, limit: CSV_PAGE, after });
          calls.push(...page.calls);
          after = page.next;
          if (after === null) break;
        }
        note('calls.exported', null, `${calls.length} calls`);
        const headers = {
          'Content-Type': 'text/csv; charset=utf-8',
          'Content-Disposition': 'attachment; filename="calls.csv"',
        };
        return new ApiAnswer(200, csvOf(calls, timezone), headers);
      },
    }),
    route({
      method: 'get',
      path: '/api/calls/:callId',
      summary: 'Read one call: words, orders, tickets, delivery, quality, log',
      permission: 'calls.read',
      answer: callDetail,
      async handle({ param, note }) {
        const call = await reader.getCall(param('callId'));
        if (call === null) return notFound('call');
        note('call.read', call.summary.callId);
        return call;
      },
    }),
    route({
      method: 'get',
      path: '/api/worst',
      summary: 'Say what makes a call worse than another',
      permission: 'calls.read',
      answer: z.array(z.string()),
      handle: () => badness.map(({ why }) => why),
    }),
  ];
}

function csvOf(calls: readonly CallSummary[], timezone: string): string {
  const rows = calls.map((call) => ({
    call: call.callId,
    time: new Date(call.startedWallMs).toISOString(),
    local_time: dateTime(call.startedWallMs, timezone),
    lane: call.lane,
    outcome: call.outcome,
    items: call.items,
    total: call.totalCents === null ? '' : (call.totalCents / 100).toFixed(2),
    currency: call.currency ?? '',
    duration_s: call.durationMs === null ? '' : (call.durationMs / 1000).toFixed(1),
    time_to_greet_s: call.greetedMs === null ? '' : (call.greetedMs / 1000).toFixed(2),
    delivery: call.deliveryState ?? '',
    review: call.reviewReasons.join(' '),
  }));
  // A cell that begins with =, +, - or @ is a formula to a spreadsheet.
  return stringify(rows, { header: true, escape_formulas: true });
}
