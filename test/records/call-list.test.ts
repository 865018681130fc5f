import { DatabaseSync } from 'node:sqlite';
import { type Test, test } from 'tap';
import { Outbox } from '../../src/orders/delivery/outbox.ts';
import { textQuery } from '../../src/records/call-filter.ts';
import { CallQueries } from '../../src/records/call-queries.ts';
import type { CallFilter, CallOutcome, CallRecordEvent } from '../../src/records/contract.ts';
import { openDatabase } from '../../src/records/database.ts';
import { migrations } from '../../src/records/schema.ts';
import { FakeClock } from '../../src/runtime/fake-clock.ts';
import { makeTicket, startedCall, temporaryDatabase } from '../orders/delivery/fixtures.ts';
import { recordsFixture } from './fixtures.ts';

const HOUR_MS = 3_600_000;

interface Spoken {
  readonly lane?: string;
  readonly outcome?: Exclude<CallOutcome, 'live' | 'interrupted'>;
  readonly words?: string;
  readonly greetedMs?: number | null;
  readonly crew?: boolean;
}

function open(t: Test) {
  const { database, readOnly, write } = recordsFixture(t);
  const clock = new FakeClock();
  const outbox = new Outbox(database, clock, 20_000, () => undefined);
  const call = (callId: string, startedWallMs: number, spoken: Spoken = {}) => {
    const { lane = 'lane-1', outcome = 'ordered', words = '', greetedMs = 900, crew = false } = spoken;
    write({ ...startedCall(callId, startedWallMs), lane } as CallRecordEvent);
    if (greetedMs !== null) write({ kind: 'greeted', callId, atMs: greetedMs });
    const texts = words.split(' ').filter((text) => text !== '');
    write({ kind: 'words', callId, words: texts.map((text, i) => ({ turn: 1, text, fromMs: i, toMs: i + 1 })) });
    if (crew) write({ kind: 'log', callId, atMs: 5, what: 'crew_rung', detail: '' });
    write({ kind: 'ended', callId, outcome, reason: 'bye', durationMs: 60_000, stats: null, recording: null });
  };
  const queries = new CallQueries(readOnly);
  const ids = (filter: Partial<CallFilter>) => queries.listCalls({ limit: 50, filter }).map(({ callId }) => callId);
  return { database, outbox, clock, write, call, queries, ids };
}

test('calls are found by lane, outcome, time, delivery and reason for review', async (t) => {
  const { outbox, call, ids } = open(t);
  call('c_1', 1_000, { lane: 'lane-2' });
  call('c_2', 2_000, { outcome: 'abandoned' });
  call('c_3', 3_000);
  outbox.commit(makeTicket('a', { callId: 'c_3', review: { needed: true, reasons: ['allergy'] } }));
  outbox.commit(makeTicket('b', { callId: 'c_1', review: { needed: true, reasons: ['allergy', 'total_mismatch'] } }));
  outbox.change({ ticketId: 'tk_b', revision: 1 }, { kind: 'accepted', detail: 'HTTP 200', posOrderId: 'p1' });
  t.same(ids({ lane: 'lane-2' }), ['c_1']);
  t.same(ids({ outcome: 'abandoned' }), ['c_2']);
  t.same(ids({ fromWallMs: 2_000, toWallMs: 3_000 }), ['c_2']);
  t.same(ids({ delivery: 'acked' }), ['c_1']);
  t.same(ids({ delivery: 'pending' }), ['c_3']);
  t.same(ids({ flag: 'allergy' }), ['c_3', 'c_1']);
  t.same(ids({ flag: 'allergy', lane: 'lane-1' }), ['c_3']);
  t.same(ids({ flag: 'nothing' }), []);
  outbox.commit(makeTicket('a', { callId: 'c_3', revision: 2, review: { needed: false, reasons: [] } }));
  t.same(ids({ flag: 'allergy' }), ['c_1'], 'the correction has no reason left');
});

test('calls are found by what the agent said and by items, by the beginnings of words', async (t) => {
  const { outbox, call, write, ids } = open(t);
  call('c_1', 1_000, { words: 'Two Cheeseburgers and a jalapeño popper.' });
  call('c_2', 2_000, { words: 'One milkshake.' });
  write(startedCall('c_live', 3_000), {
    kind: 'words',
    callId: 'c_live',
    words: [{ turn: 1, text: 'cheeseburger', fromMs: 0, toMs: 1 }],
  });
  outbox.commit(makeTicket('a', { callId: 'c_2' }));
  t.same(ids({ text: 'cheese' }), ['c_1'], 'a call that is up is on the live page');
  t.same(ids({ text: 'JALAPENO two' }), ['c_1']);
  t.same(ids({ text: 'classic burger' }), [], 'every word counts');
  const [item = ''] = makeTicket('a').lines.map(({ name }) => name);
  t.same(ids({ text: item }), ['c_2'], 'by an item of the ticket');
  for (const typed of ['"', 'NOT', 'a" OR "b', '*', 'words:cheese', "'; DROP TABLE calls; --", '(((', '\u0000']) {
    t.doesNotThrow(() => ids({ text: typed }), typed);
  }
  t.equal(textQuery(' ,. '), null);
});

test('the worst calls come first, and a call without a fault does not come at all', async (t) => {
  const { outbox, call, queries } = open(t);
  call('c_good', 1_000);
  call('c_late', 2_000, { greetedMs: 5_000 });
  call('c_failed', 3_000, { outcome: 'failed' });
  call('c_wrong', 4_000);
  outbox.commit(makeTicket('a', { callId: 'c_wrong', review: { needed: true, reasons: ['total_mismatch'] } }));
  const worst = queries.listCalls({ limit: 10, order: 'worst' }).map(({ callId }) => callId);
  t.same(worst, ['c_failed', 'c_wrong', 'c_late']);
  t.same(queries.listCalls({ limit: 1, order: 'worst' }).length, 1);
});

test('figures are those of ended calls, by the hour of the store or by lane', async (t) => {
  const { outbox, clock, call, write, queries } = open(t);
  // 2026-03-08 in Chicago has no hour from two to three.
  const base = Date.parse('2026-03-08T07:30:00Z');
  call('c_1', base, { greetedMs: 800 });
  call('c_2', base + HOUR_MS, { lane: 'lane-2', greetedMs: 1_200, crew: true });
  call('c_3', base + HOUR_MS + 1, { outcome: 'failed', greetedMs: null });
  write(startedCall('c_live', base + 2));
  outbox.commit(makeTicket('a', { callId: 'c_1', review: { needed: true, reasons: ['allergy'] } }));
  clock.advance(150);
  outbox.change({ ticketId: 'tk_a', revision: 1 }, { kind: 'accepted', detail: 'HTTP 200', posOrderId: 'p1' });
  const ask = (by: 'hour' | 'lane') =>
    queries.numbers({ fromWallMs: base, toWallMs: base + 24 * HOUR_MS, timezone: 'America/Chicago', by });
  const { groups, all } = ask('hour');
  t.same(
    groups.map(({ group, calls }) => [group, calls]),
    [
      ['2026-03-08T01', 1],
      ['2026-03-08T03', 2],
    ],
  );
  t.match(all, { calls: 3, ordered: 1, contained: 1, reviewed: 1, failed: 1, posFailed: 0 });
  t.same(all.greetMs, { p50: 1_200, p95: 1_200 });
  t.same(all.posMs, { p50: 150, p95: 150 });
  t.same(
    ask('lane').groups.map(({ group, calls }) => [group, calls]),
    [
      ['lane-1', 2],
      ['lane-2', 1],
    ],
  );
  t.equal(queries.numbers({ fromWallMs: 0, toWallMs: 1, timezone: 'UTC', by: 'day' }).all.calls, 0);
});

test('calls of an older database are found after the upgrade', async (t) => {
  const file = temporaryDatabase(t);
  const old = new DatabaseSync(file);
  old.exec(`${migrations[0]} PRAGMA user_version = 1;
    INSERT INTO calls (call_id, sip_call_id, store_id, lane, caller, source, codec, menu_id, persona_id, seed, started_wall_ms, outcome)
      VALUES ('c_2', '', '', 'lane-1', '', '', '', '', '', 1, 2000, 'ordered'), ('c_1', '', '', 'lane-1', '', '', '', '', '', 1, 1000, 'failed');
    INSERT INTO words VALUES ('c_1', 0, 1, 'two', 0, 1), ('c_1', 1, 1, 'burgers', 1, 2);`);
  old.close();
  const database = openDatabase(file);
  t.teardown(() => database.close());
  const queries = new CallQueries(database);
  const ids = (filter: Partial<CallFilter>) => queries.listCalls({ limit: 9, filter }).map(({ callId }) => callId);
  t.same(ids({ text: 'burger' }), ['c_1']);
  t.same(ids({}), ['c_2', 'c_1']);
  t.same(
    database
      .prepare('SELECT call_id FROM calls ORDER BY search_id')
      .all()
      .map((row) => row['call_id']),
    ['c_1', 'c_2'],
    'numbered in the order of their start',
  );
});
