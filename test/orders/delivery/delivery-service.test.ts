import { closeSync, openSync, writeSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { type Test, test } from 'tap';
import type { DeliveryOptions } from '../../../src/orders/contract.ts';
import { DeliveryService } from '../../../src/orders/delivery/delivery-service.ts';
import type { DeliveryReport } from '../../../src/orders/delivery/messages.ts';
import { Outbox } from '../../../src/orders/delivery/outbox.ts';
import { CallQueries } from '../../../src/records/call-queries.ts';
import { openDatabase } from '../../../src/records/database.ts';
import { FakeClock } from '../../../src/runtime/fake-clock.ts';
import { startFakePrinter } from '../../support/fake-pos/printer.ts';
import { printerTarget } from './connectors/targets.ts';
import { deliveryOptions, makeTicket, soon, startedCall, temporaryDatabase } from './fixtures.ts';

/** A service whose queue is not started: what is committed stays pending. */
function openService(t: Test, change: Partial<DeliveryOptions> = {}) {
  const file = temporaryDatabase(t);
  const database = openDatabase(file);
  const reports: DeliveryReport[] = [];
  const service = new DeliveryService(
    deliveryOptions(file, 'http://127.0.0.1:1/', change),
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

/** Overwrites what SQLite reads next of the tickets' table, as a dying disk does. */
function damage(database: DatabaseSync, file: string): void {
  const root = Number(
    database.prepare(`SELECT rootpage FROM sqlite_schema WHERE name = 'tickets'`).get()?.['rootpage'],
  );
  const pageBytes = Number(database.prepare('PRAGMA page_size').get()?.['page_size']);
  database.exec('PRAGMA wal_checkpoint(TRUNCATE); PRAGMA cache_size = 1;');
  const handle = openSync(file, 'r+');
  writeSync(handle, Buffer.alloc(pageBytes, 0xa5), 0, pageBytes, (root - 1) * pageBytes);
  closeSync(handle);
}

test('a damaged page: the ticket is refused with the cause, nothing of it is stored', async (t) => {
  const file = temporaryDatabase(t);
  damage(openDatabase(file), file);
  // Opened without the check of the start: the damage comes while the gateway runs.
  const database = new DatabaseSync(file);
  t.teardown(() => database.close());
  const outbox = new Outbox(database, new FakeClock(), 20_000, () => t.fail('no step'));
  t.throws(() => outbox.commit(makeTicket('a')), /malformed|corrupt/i);
  t.equal(Number(database.prepare('SELECT count(*) AS n FROM outbox').get()?.['n']), 0);
});

test('what needs review goes out as the policy says', async (t) => {
  const doubtful = { review: { needed: true, reasons: ['total_mismatch' as const] } };
  const kinds = (reports: readonly DeliveryReport[]) =>
    reports.map((report) =>
      report.kind === 'step'
        ? `step ${report.step.what} ${report.step.state}`
        : report.kind === 'alert'
          ? report.error.code
          : report.kind,
    );
  const printer = await startFakePrinter();
  t.teardown(() => printer.close());
  const crewPrinter = printerTarget(printer.url);
  const sent = openService(t, { crewPrinter });
  sent.service.commit(makeTicket('a', doubtful));
  t.same(kinds(sent.reports), ['step committed pending', 'committed']);

  const held = openService(t, { review: 'hold', crewPrinter });
  held.service.commit(makeTicket('a', doubtful));
  held.service.commit(makeTicket('fine'));
  t.same(kinds(held.reports), [
    'step committed pending',
    'step held needs_attention',
    'committed',
    'ORDER_HELD',
    'step committed pending',
    'committed',
  ]);
  t.same(held.service.health(), { queue: 'starting', queueDetail: 'embedded', unacked: 2, attention: 1 });
  const outbox = new Outbox(held.database, new FakeClock(), 20_000, () => undefined);
  t.same(
    outbox.toQueue(9).map(({ ticketId }) => ticketId),
    ['tk_fine'],
    'the held one is not sent',
  );
  await soon(() => kinds(held.reports).includes('step printed needs_attention'));
  t.match(printer.slips[0], /^HELD - CHECK AND SEND[\s\S]*CHECK: total_mismatch/);
  held.service.resend({ ticketId: 'tk_a', revision: 1 });
  t.match(outbox.find({ ticketId: 'tk_a', revision: 1 }), { state: 'pending', refused: false });

  const printed = openService(t, { review: 'print', crewPrinter });
  printed.service.commit(makeTicket('a', doubtful));
  printed.service.commit(makeTicket('a', doubtful));
  printed.service.commit(makeTicket('fine'));
  await soon(() => kinds(printed.reports).includes('step printed pending'));
  t.match(printer.slips[1], /^AT THE POS - PLEASE/);
  t.equal(printer.slips.length, 2, 'once, and only what is doubtful');
});

test('a correction that the POS takes settles what the crew held or the POS refused before', async (t) => {
  const { database } = openService(t);
  const outbox = new Outbox(database, new FakeClock(), 20_000, () => undefined);
  outbox.commit(makeTicket('a'), true);
  outbox.commit(makeTicket('a', { revision: 2 }));
  outbox.change({ ticketId: 'tk_a', revision: 2 }, { kind: 'refused', detail: 'HTTP 400' });
  outbox.commit(makeTicket('a', { revision: 3 }));
  outbox.change({ ticketId: 'tk_a', revision: 3 }, { kind: 'accepted', detail: 'HTTP 200', posOrderId: null });
  outbox.settleBefore({ ticketId: 'tk_a', revision: 3 });
  t.same(outbox.counts(), { unacked: 0, attention: 0 });
});

test('the place of a car is taken once', async (t) => {
  const { service, reports } = openService(t);
  service.commit(makeTicket('a'));
  service.commit(makeTicket('a'));
  service.commit(makeTicket('a', { status: 'voided' }));
  service.commit(makeTicket('b', { callId: 'c_a' }));
  t.match(
    reports.filter((report) => report.kind !== 'step'),
    [
      { kind: 'committed', key: 'tk_a.r1' },
      { kind: 'committed', key: 'tk_a.r1' },
      { kind: 'refused', key: 'tk_a.r1', error: { code: 'TICKET_CONFLICT', details: { other: 'tk_a' } } },
      { kind: 'refused', key: 'tk_b.r1', error: { code: 'TICKET_CONFLICT', details: { other: 'tk_a' } } },
    ],
  );
  t.equal(service.health().unacked, 1);
});
