import { createServer } from 'node:http';
import fc from 'fast-check';
import { test } from 'tap';
import { openConnector } from '../../../../src/orders/delivery/connectors/open-connector.ts';
import { slipOf } from '../../../../src/orders/delivery/connectors/slip.ts';
import { Outbox } from '../../../../src/orders/delivery/outbox.ts';
import { type Ticket, ticketSchema } from '../../../../src/orders/ticket.ts';
import { openDatabase } from '../../../../src/records/database.ts';
import { systemClock } from '../../../../src/runtime/clock.ts';
import { FakeClock } from '../../../../src/runtime/fake-clock.ts';
import { makeTicket, secret, temporaryDatabase } from '../fixtures.ts';
import { refs } from './targets.ts';

test('whatever a POS answers: accepted, tried again or refused with the reason, and nothing is thrown', async (t) => {
  let answer = { status: 200, body: Buffer.alloc(0), headers: {} as Record<string, string> };
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => {
      response.writeHead(answer.status, answer.headers).end(answer.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const url = `http://127.0.0.1:${address.port}/`;
  const guest = { email: 'a@example.com', phone: '5550100' };
  const connectors = [
    openConnector({ kind: 'webhook', url, secret, timeoutMs: 2_000 }, systemClock),
    openConnector({ kind: 'square', url, accessToken: 'x', timeoutMs: 2_000 }, systemClock),
    openConnector(
      {
        kind: 'toast',
        url,
        clientId: 'c',
        clientSecret: 's',
        diningOption: 'd',
        preModifiers: {},
        guest,
        externalIdPrefix: 'SP:',
        timeoutMs: 2_000,
      },
      systemClock,
    ),
  ];
  const ticket = makeTicket('a', {
    store: { id: 's', externalId: 'L', timezone: 'UTC' },
    lines: makeTicket('a').lines.map((line) => ({ ...line, posRef: refs.burger ?? null })),
  });
  const body = fc.oneof(
    fc.json().map((text) => Buffer.from(text)),
    fc.uint8Array({ maxLength: 50 }).map((bytes) => Buffer.from(bytes)),
    fc
      .record({
        order: fc.record({
          id: fc.oneof(fc.string(), fc.nat()),
          version: fc.oneof(fc.nat(), fc.double()),
          total_money: fc.option(fc.record({ amount: fc.double() })),
        }),
      })
      .map((json) => Buffer.from(JSON.stringify(json))),
    fc
      .record({
        token: fc.record({ accessToken: fc.string(), expiresIn: fc.double() }),
        guid: fc.string(),
        checks: fc.option(fc.array(fc.record({ totalAmount: fc.double() }))),
      })
      .map((json) => Buffer.from(JSON.stringify(json))),
  );
  const headers = fc.oneof(
    fc.constant({}),
    fc
      .constantFrom('0', '-1', '99999', 'soon', 'Wed, 21 Oct 2015 07:28:00 GMT')
      .map((value) => ({ 'retry-after': value })),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...connectors),
      fc.constantFrom(200, 201, 204, 301, 302, 400, 401, 404, 409, 422, 429, 500, 503),
      body,
      headers,
      async (connector, status, bytes, more) => {
        answer = { status, body: status === 204 ? Buffer.alloc(0) : bytes, headers: more };
        const came = await connector.send(ticket, { previous: null, isRepeat: false });
        if (came.kind === 'retry') return came.waitMs === null || (came.waitMs > 0 && came.waitMs <= 60_000);
        return came.kind === 'refused'
          ? came.detail.length > 0 && came.detail.length < 400
          : status < 300 || status === 409;
      },
    ),
    { numRuns: 250 },
  );
  t.pass();
});

const words = fc.string({ unit: 'binary', maxLength: 30 });

test('whatever a ticket says: it is stored whole and read back, and on paper it commands nothing', async (t) => {
  const database = openDatabase(temporaryDatabase(t));
  t.teardown(() => database.close());
  const outbox = new Outbox(database, new FakeClock(), 20_000, () => undefined);
  let n = 0;
  const [line] = makeTicket('x').lines;
  fc.assert(
    fc.property(
      fc.record({
        name: words,
        size: fc.option(words),
        note: fc.option(words),
        notes: fc.array(words, { maxLength: 3 }),
        lane: words,
        cents: fc.integer(),
      }),
      (said) => {
        const ticket = makeTicket(`f${n++}`, {
          lane: said.lane,
          lines:
            line === undefined
              ? []
              : [{ ...line, name: said.name, size: said.size, note: said.note, totalCents: said.cents }],
          notes: said.notes.map((text) => ({ kind: 'preparation', text })),
        });
        if (!ticketSchema.safeParse(ticket).success) return true;
        outbox.commit(ticket);
        const stored = outbox.ticket({ ticketId: ticket.ticketId, revision: 1 }) as Ticket;
        const slip = slipOf(ticket, { columns: 42, isCopy: false }).toString('latin1');
        const cuts = slip.split('\u001dVB\u0000').length - 1;
        return (
          stored.lines[0]?.name === said.name &&
          stored.lane === said.lane &&
          stored.lines[0]?.totalCents === said.cents &&
          cuts === 1
        );
      },
    ),
    { numRuns: 200 },
  );
  t.equal(
    Number(database.prepare('SELECT count(*) AS n FROM outbox').get()?.['n']),
    Number(database.prepare('SELECT count(*) AS n FROM tickets').get()?.['n']),
  );
});
