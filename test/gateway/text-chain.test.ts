import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { StoreLanes } from '../../src/calls/store-lanes.ts';
import { readStoreConfig } from '../../src/config/store.ts';
import { type DemoPosOrder, startDemoPos } from '../../src/demo-pos/demo-pos.ts';
import { openMenus } from '../../src/gateway.ts';
import { startDelivery } from '../../src/orders/delivery/delivery-plane.ts';
import { startRecordReader } from '../../src/records/reader.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { deskFixture, settle } from '../calls/fixtures.ts';
import { eventually } from '../support/eventually.ts';
import { POS_SECRET, writeTestStore } from '../support/gateway.ts';

const turns = [
  'Welcome to Burger Barn, what can I get for you?',
  'Okay, two cheeseburgers with no onions and one large cola. Anything else?',
  'Sure, three small fries. Anything else?',
  'Okay, two cheeseburgers with no onions, one large cola and three small fries. That is seventeen dollars. Is that correct?',
  'Great, please pull forward. Thank you.',
];

t.test('what the agent says is what the POS gets', async (t) => {
  const pos = await startDemoPos({ secret: POS_SECRET, port: 0 });
  const { configFile } = await writeTestStore(t.testdir(), pos.url);
  const config = readStoreConfig(configFile);
  const databaseFile = join(config.dataDirectory, 'speakerpost.sqlite');
  mkdirSync(config.dataDirectory);
  const delivery = startDelivery(
    {
      databaseFile,
      queue: 'embedded',
      storeId: 'test-store',
      pos: { kind: 'webhook', url: pos.url, secret: POS_SECRET, timeoutMs: 2_000 },
      review: 'send',
      crewPrinter: null,
      ordersPerSecond: 20,
      attentionAfterMs: 20_000,
    },
    { clock: systemClock, log: silentLog },
  );
  await delivery.ready;
  const reader = startRecordReader(databaseFile);
  t.teardown(async () => {
    await delivery.stop();
    await reader.stop();
    await pos.close();
  });

  const desk = deskFixture({ lanes: new StoreLanes(config, '0.0.0', openMenus(config, t.fail)).lanes }, delivery);
  const invite = await desk.ring();
  invite.dialog.ack();
  const callId = desk.desk.live[0]?.callId ?? '';
  let atMs = 400;
  for (const turn of turns) {
    for (const word of turn.split(' ')) {
      // Pieces split words as a tokenizer does.
      const middle = Math.ceil(word.length / 2);
      for (const piece of [` ${word.slice(0, middle)}`, word.slice(middle)]) {
        if (piece === '') continue;
        desk.plane.emit('spoken', { callId, frame: Math.round(atMs / 80), piece, atMs });
        atMs += 80;
      }
    }
    for (let i = 0; i < 20; i++) {
      desk.plane.emit('spoken', { callId, frame: Math.round(atMs / 80), piece: null, atMs });
      atMs += 80;
    }
  }
  const ordered = new Promise<DemoPosOrder>((done) => pos.events.once('order', done));
  // The sound of it all goes out.
  desk.clock.advance(atMs);
  const { ticket } = await ordered;
  t.same(
    ticket.lines.map(({ quantity, size, name, modifiers }) => [
      quantity,
      size,
      name,
      modifiers.map((each) => `${each.action} ${each.name}`),
    ]),
    [
      [2, null, 'cheeseburger', ['no onions']],
      [1, 'large', 'cola', []],
      [3, 'small', 'fries', []],
    ],
  );
  t.match(ticket.totals, { totalCents: 1_700, spokenTotalCents: 1_700, spokenMatches: true });
  t.same(ticket.review, { needed: false, reasons: [] });
  t.ok(ticket.lines.every((line) => line.evidence.length > 0));

  invite.dialog.end('BYE');
  await settle();
  const detail = await eventually('the ticket is acknowledged', 10_000, async () => {
    const found = await reader.getCall(callId);
    return found?.tickets[0]?.state === 'acked' ? found : null;
  });
  t.equal(detail.words.map((word) => word.text).join(' '), turns.join(' '), 'the transcript is complete');
  t.equal(pos.orders.length, 1);
});
