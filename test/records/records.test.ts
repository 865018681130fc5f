import { DatabaseSync } from 'node:sqlite';
import { type Test, test } from 'tap';
import type { OrderSnapshot } from '../../src/orders/contract.ts';
import { Outbox } from '../../src/orders/delivery/outbox.ts';
import { CallQueries } from '../../src/records/call-queries.ts';
import { CallWriter } from '../../src/records/call-writer.ts';
import type { CallCursor, CallRecordEvent } from '../../src/records/contract.ts';
import { openDatabase } from '../../src/records/database.ts';
import { markInterruptedCalls } from '../../src/records/interrupted-calls.ts';
import { startRecordReader } from '../../src/records/reader.ts';
import { FakeClock } from '../../src/runtime/fake-clock.ts';
import { makeTicket, startedCall, temporaryDatabase } from '../orders/delivery/fixtures.ts';
import { recordsFixture } from './fixtures.ts';

function open(t: Test) {
  const { readOnly, ...records } = recordsFixture(t);
  return { ...records, queries: new CallQueries(readOnly) };
}

function words(callId: string, ...texts: string[]): CallRecordEvent {
  return {
    kind: 'words',
    callId,
    words: texts.map((text, i) => ({ turn: 1, text, fromMs: 100 * i, toMs: 100 * i + 90 })),
  };
}

function draft(customerSeq: number): OrderSnapshot {
  const { lines, totals, notes, history } = makeTicket('draft');
  return {
    customerSeq,
    revision: 1,
    status: 'draft',
    lines,
    totals,
    notes,
    reviewReasons: [],
    unresolved: [],
    history,
  };
}

test('a commit is durable: WAL and synchronous FULL', async (t) => {
  const { database } = open(t);
  t.equal(database.prepare('PRAGMA journal_mode').get()?.['journal_mode'], 'wal');
  t.equal(database.prepare('PRAGMA synchronous').get()?.['synchronous'], 2);
});

test('a call is read back as it was written, in order', async (t) => {
  const { write, queries } = open(t);
  write(startedCall('c_1'), { kind: 'greeted', callId: 'c_1', atMs: 180 }, words('c_1', 'Welcome', 'to'));
  write(words('c_1', 'Burger', 'Barn'), { kind: 'log', callId: 'c_1', atMs: 900, what: 'dtmf', detail: '5' });
  t.match(queries.getCall('c_1')?.summary, { outcome: 'live', greetedMs: 180, items: 0, totalCents: null });
  write({
    kind: 'ended',
    callId: 'c_1',
    outcome: 'no_order',
    reason: 'BYE',
    durationMs: 10_000,
    stats: null,
    recording: 'c_1.opus',
  });
  const detail = queries.getCall('c_1');
  t.same(
    detail?.words.map((word) => word.text),
    ['Welcome', 'to', 'Burger', 'Barn'],
  );
  t.match(detail, {
    from: 'sip:intercom@127.0.0.1',
    seed: 7,
    recording: 'c_1.opus',
    log: [{ atMs: 900, what: 'dtmf', detail: '5' }],
    summary: { outcome: 'no_order', reason: 'BYE', durationMs: 10_000 },
  });
  t.equal(queries.getCall('c_none'), null);
});

test('records that are handed over again are written once', async (t) => {
  const { writer, queries } = open(t);
  const events = [startedCall('c_1'), words('c_1', 'one'), words('c_1', 'two')];
  writer.write({ runId: 'run', firstSequence: 0, events: events.slice(0, 2) });
  writer.write({ runId: 'run', firstSequence: 0, events });
  writer.write({ runId: 'run', firstSequence: 0, events });
  t.same(
    queries.getCall('c_1')?.words.map((word) => word.text),
    ['one', 'two'],
  );
});

test('a card number that comes word by word is masked once it shows', async (t) => {
  const { write, queries } = open(t);
  write(startedCall('c_1'), words('c_1', 'card'), words('c_1', '4111'), words('c_1', '1111'), words('c_1', '1111'));
  write(words('c_1', '1111'), words('c_1', 'thanks'), words('c_1', '12'));
  t.same(
    queries.getCall('c_1')?.words.map((word) => word.text),
    ['card', '****', '****', '****', '****', 'thanks', '12'],
  );
});

test('the list is newest first and pages by time', async (t) => {
  const { write, queries } = open(t);
  for (let i = 1; i <= 5; i++) write(startedCall(`c_${i}`, 1_000 * i));
  const ids = (after: CallCursor | null) => queries.listCalls({ limit: 2, after }).map((call) => call.callId);
  t.same(ids(null), ['c_5', 'c_4']);
  t.same(ids({ startedWallMs: 4_000, callId: 'c_4' }), ['c_3', 'c_2']);
  t.same(ids({ startedWallMs: 2_000, callId: 'c_2' }), ['c_1']);
  write(startedCall('c_2b', 2_000));
  t.same(ids({ startedWallMs: 2_000, callId: 'c_2b' }), ['c_2', 'c_1'], 'two in one millisecond');
});

test('a call with two cars counts the last revision of each', async (t) => {
  const { database, write, queries } = open(t);
  const outbox = new Outbox(database, new FakeClock(), 20_000, () => undefined);
  write(startedCall('c_two'));
  const callId = 'c_two';
  outbox.commit(makeTicket('first', { callId }));
  outbox.commit(makeTicket('first', { callId, revision: 2 }));
  outbox.commit(makeTicket('second', { callId, customerSeq: 2, review: { needed: true, reasons: ['allergy'] } }));
  outbox.change({ ticketId: 'tk_first', revision: 2 }, { kind: 'accepted', detail: 'HTTP 200', posOrderId: 'p1' });
  t.match(queries.listCalls({ limit: 10 }), [
    { items: 4, totalCents: 2_000, currency: 'USD', reviewReasons: ['allergy'], deliveryState: 'pending' },
  ]);
  t.equal(queries.getCall('c_two')?.tickets.length, 3);
});

test('calls that a stop cut are marked, and an order that was not closed asks for review but makes no ticket', async (t) => {
  const { database, write, queries } = open(t);
  write(startedCall('c_cut', 1), words('c_cut', 'two', 'burgers'), {
    kind: 'draft',
    callId: 'c_cut',
    orders: [draft(1)],
  });
  write(startedCall('c_empty', 2));
  write(startedCall('c_sold', 3), { kind: 'draft', callId: 'c_sold', orders: [draft(1)] });
  new Outbox(database, new FakeClock(), 20_000, () => undefined).commit(makeTicket('sold'));
  const recordings = t.testdir({ 'c_cut.opus': 'sound' });
  t.same(markInterruptedCalls(database, recordings), { calls: 3, orders: 1 });
  t.match(queries.listCalls({ limit: 10 }), [
    { callId: 'c_sold', outcome: 'interrupted', reviewReasons: [], deliveryState: 'pending' },
    { callId: 'c_empty', outcome: 'interrupted', reviewReasons: [], items: 0 },
    { callId: 'c_cut', outcome: 'interrupted', reviewReasons: ['truncated'], items: 2, deliveryState: null },
  ]);
  const cut = queries.getCall('c_cut');
  t.match(cut?.log, [{ what: 'interrupted', detail: 'the gateway stopped; the order was not closed' }]);
  t.equal(cut?.recording, 'c_cut.opus', 'its sound is on its page');
  t.equal(queries.getCall('c_empty')?.recording, null);
  t.equal(cut?.drafts[0]?.lines[0]?.itemId, 'burger');
  t.same(markInterruptedCalls(database, recordings), { calls: 0, orders: 0 }, 'once');
});

test('a database of a newer version is left alone', async (t) => {
  const file = temporaryDatabase(t);
  const newer = new DatabaseSync(file);
  newer.exec('PRAGMA user_version = 99');
  newer.close();
  t.throws(() => openDatabase(file), { code: 'DATABASE_TOO_NEW', details: { found: 99 } });
});

test('the reader thread says what is wrong and works once there is a database', async (t) => {
  const file = temporaryDatabase(t);
  const reader = startRecordReader(file);
  t.teardown(() => reader.stop());
  await t.rejects(reader.getCall('c_1'), { code: 'RECORD_READER_FAILED' });
  const database = openDatabase(file);
  t.teardown(() => database.close());
  new CallWriter(database).write({ runId: 'run', firstSequence: 0, events: [startedCall('c_1')] });
  t.match(await reader.getCall('c_1'), { summary: { callId: 'c_1' } });
  t.equal((await reader.listCalls({ limit: 10 })).length, 1);
});

test('a reader that was stopped starts no thread again', async (t) => {
  const reader = startRecordReader(temporaryDatabase(t));
  await reader.stop();
  await t.rejects(reader.getCall('c_1'), { code: 'RECORD_READER_FAILED' });
  t.notOk(process.getActiveResourcesInfo().includes('Worker'));
});
