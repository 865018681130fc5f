import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Test, test } from 'tap';
import { EscposConnector } from '../../../../src/orders/delivery/connectors/escpos-connector.ts';
import { startFakePrinter } from '../../../support/fake-pos/printer.ts';
import { makeTicket } from '../fixtures.ts';
import { first, firstLine, modifier, printerTarget } from './targets.ts';

async function start(t: Test, timeoutMs = 2_000) {
  const printer = await startFakePrinter();
  t.teardown(() => printer.close());
  return { printer, connector: new EscposConnector(printerTarget(printer.url, timeoutMs)) };
}

test('a ticket is a slip that the kitchen can read', async (t) => {
  const { printer, connector } = await start(t);
  const line = { ...firstLine(makeTicket('a')), size: 'large', modifiers: [modifier('onion', 'no')] };
  const ticket = makeTicket('a', { lines: [line], notes: [{ kind: 'allergy', text: 'sesame' }] });
  t.same(await connector.send(ticket, first), { kind: 'accepted', detail: 'printed', posOrderId: null });
  t.equal(printer.slips.length, 1);
  t.match(printer.slips[0], /^DRIVE-THRU lane-1\n/);
  t.match(printer.slips[0], /\nALLERGY: sesame\n/);
  t.match(printer.slips[0], /\n2 x large Burger {21}10\.00\n {4}no onion\n/);
  t.notMatch(printer.slips[0], /unknown|COPY|VOID/);
});

test('what was said cannot command the printer', async (t) => {
  const { printer, connector } = await start(t);
  const notes = [{ kind: 'preparation' as const, text: 'a\u001d\u0056\u0042\u0000b\ncafé 漢' }];
  await connector.send(makeTicket('a', { notes }), first);
  t.equal(printer.slips.length, 1, 'one cut');
  t.match(printer.slips[0], /\na VB b café \?\n/);
});

test('no paper, offline and nobody there are tried again, and nothing is printed', async (t) => {
  const { printer, connector } = await start(t);
  printer.state.paper = false;
  t.same(await connector.send(makeTicket('a'), first), {
    kind: 'retry',
    detail: 'the printer is out of paper',
    waitMs: null,
  });
  printer.state.paper = true;
  printer.state.online = false;
  t.match(await connector.send(makeTicket('a'), first), { kind: 'retry', detail: 'the printer is offline' });
  printer.state.online = true;
  printer.state.refuses = true;
  t.match(await connector.send(makeTicket('a'), first), { kind: 'retry' });
  t.match(await new EscposConnector(printerTarget('tcp://127.0.0.1:1')).send(makeTicket('a'), first), {
    kind: 'retry',
    detail: 'ECONNREFUSED',
  });
  t.equal(printer.slips.length, 0);
});

test('a slip whose confirmation is lost is printed again, marked as a copy', async (t) => {
  const { printer, connector } = await start(t, 200);
  printer.state.silentSlips = 1;
  t.match(await connector.send(makeTicket('a'), first), { kind: 'retry', detail: /not finished within 200 ms/ });
  t.match(await connector.send(makeTicket('a'), { ...first, isRepeat: true }), { kind: 'accepted' });
  t.same(
    printer.slips.map((slip) => /MAY BE A COPY/.test(slip)),
    [false, true],
  );
});

test('changes and voids say so', async (t) => {
  const { printer, connector } = await start(t);
  await connector.send(makeTicket('a', { revision: 2 }), first);
  await connector.send(makeTicket('a', { revision: 3, status: 'voided' }), first);
  t.match(printer.slips[0], /CHANGED ORDER/);
  t.match(printer.slips[1], /VOID - DO NOT MAKE/);
});

test('a file takes the same bytes', async (t) => {
  const file = join(t.testdir(), 'printer.bin');
  const connector = new EscposConnector(printerTarget(pathToFileURL(file).href));
  t.match(await connector.send(makeTicket('a'), first), { kind: 'accepted', detail: 'written' });
  await connector.send(makeTicket('b'), first);
  const bytes = readFileSync(file);
  t.same([...bytes.subarray(0, 2)], [0x1b, 0x40]);
  t.match(bytes.toString('latin1'), /tk_a rev 1.*tk_b rev 1/s);
  const nowhere = new EscposConnector(printerTarget(pathToFileURL(join(t.testdir(), 'no/such/folder')).href));
  t.match(await nowhere.send(makeTicket('a'), first), { kind: 'retry', detail: 'ENOENT' });
});
