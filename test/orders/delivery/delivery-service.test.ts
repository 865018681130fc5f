import type { DatabaseSync } from 'node:sqlite';
import { type Test, test } from 'tap';
import { DeliveryService } from '../../../src/orders/delivery/delivery-service.ts';
import type { DeliveryReport } from '../../../src/orders/delivery/messages.ts';
import { CallQueries } from '../../../src/records/call-queries.ts';
import { openDatabase } from '../../../src/records/database.ts';
import { FakeClock } from '../../../src/runtime/fake-clock.ts';
import { deliveryOptions, makeTicket, startedCall, temporaryDatabase } from './fixtures.ts';

/** A service whose queue is not started: what is committed stays pending. */
function openService(t: Test) {
  const file = temporaryDatabase(t);
  const database = openDatabase(file);
  const reports: DeliveryReport[] = [];
  const service = new DeliveryService(
    deliveryOptions(file, 'http://127.0.0.1:1/'),
    {
      database,
      clock: new FakeClock(),
      connector: {
        isSequential: false,
        send: async () => ({ kind: 'retry', detail: 'away', waitMs: null }),
      },
      report: (report) => reports.push(report),
    },
    true,
  );
  t.teardown(() => service.stop());
  return { database, service, reports };
}

/** The disk as SQLite sees it when it is full: no page more than there are. */
function fill(database: DatabaseSync): void {
  const pages = Number(database.prepare('PRAGMA page_count').get()?.['page_count']);
  database.exec(`PRAGMA max_page_count = ${pages}`);
}

test('a full disk: the ticket is refused as a whole, and stored when there is space', async (t) => {
  const { database, service, reports } = openService(t);
  fill(database);
  const note = 'x'.repeat(20_000);
  const ticket = makeTicket('big', { notes: [{ kind: 'preparation', text: note }] });
  service.commit(ticket);
  t.match(reports, [
    {
      kind: 'refused',
      key: 'tk_big.r1',
      error: { code: 'TICKET_NOT_STORED', details: { ticketId: 'tk_big', reason: /full/ } },
    },
  ]);
  t.equal(service.health().unacked, 0, 'nothing of it is there');
  database.exec('PRAGMA max_page_count = 1000000');
  service.commit(ticket);
  t.match(reports.slice(1), [
    { kind: 'step', step: { what: 'committed' } },
    { kind: 'committed', key: 'tk_big.r1' },
  ]);
  t.equal(service.health().unacked, 1);
});

test('a full disk: records are refused as a batch, and written once when they come again', async (t) => {
  const { database, service, reports } = openService(t);
  fill(database);
  const detail = 'x'.repeat(20_000);
  const batch = {
    runId: 'run',
    firstSequence: 0,
    events: [startedCall('c_1'), { kind: 'log', callId: 'c_1', atMs: 1, what: 'note', detail } as const],
  };
  service.record(batch);
  t.match(reports, [{ kind: 'recordsRefused', error: { code: 'RECORDS_NOT_STORED' } }]);
  database.exec('PRAGMA max_page_count = 1000000');
  service.record(batch);
  service.record(batch);
  t.match(reports.slice(1), [
    { kind: 'recorded', lastSequence: 1 },
    { kind: 'recorded', lastSequence: 1 },
  ]);
  t.equal(new CallQueries(database).getCall('c_1')?.log.length, 1);
});

test('the place of a car is taken once', async (t) => {
  const { service, reports } = openService(t);
  service.commit(makeTicket('a'));
  service.commit(makeTicket('a'));
  service.commit(makeTicket('b', { callId: 'c_a' }));
  t.match(
    reports.filter((report) => report.kind !== 'step'),
    [
      { kind: 'committed', key: 'tk_a.r1' },
      { kind: 'committed', key: 'tk_a.r1' },
      { kind: 'refused', key: 'tk_b.r1', error: { code: 'TICKET_CONFLICT', details: { other: 'tk_a' } } },
    ],
  );
  t.equal(service.health().unacked, 1);
});
