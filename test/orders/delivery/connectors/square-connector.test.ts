import { type Test, test } from 'tap';
import { SquareConnector } from '../../../../src/orders/delivery/connectors/square-connector.ts';
import { systemClock } from '../../../../src/runtime/clock.ts';
import { startFakeSquare } from '../../../support/fake-pos/square.ts';
import { catalogue, first, firstLine, modifier, posTicket, refs, squareTarget, totalOf } from './targets.ts';

async function start(t: Test, timeoutMs = 2_000) {
  const square = await startFakeSquare(catalogue);
  t.teardown(() => square.close());
  return { square, connector: new SquareConnector(squareTarget(square.url, timeoutMs), systemClock) };
}

test('a ticket becomes an order by the catalogue’s ids; what it cannot say is a note', async (t) => {
  const { square, connector } = await start(t);
  const line = {
    ...firstLine(posTicket('a')),
    modifiers: [
      modifier('cheese', 'add', { posRef: refs.cheese, priceCents: 50 }),
      modifier('onion', 'no', { posRef: refs.onion }),
      modifier('cheese', 'extra', { posRef: refs.cheese }),
      modifier('cheese', 'add', { posRef: refs.cheese, half: 'first' }),
      modifier('sauce', 'side'),
    ],
    note: 'well done',
    combo: {
      number: '1',
      slots: { drink: { itemId: 'cola', size: null, posRef: refs.cola }, side: { itemId: 'fries', size: 'large' } },
    },
  };
  const ticket = posTicket('a', {
    lines: [line],
    totals: totalOf(1_100),
    notes: [{ kind: 'allergy', text: 'sesame' }],
  });
  t.same(await connector.send(ticket, first), { kind: 'accepted', detail: 'Square version 1', posOrderId: 'sq-1' });
  t.match(square.requests[0]?.body, {
    idempotency_key: 'tk_a.r1',
    order: {
      location_id: 'LQ3N',
      reference_id: 'tk_a',
      source: { name: 'Drive-thru AI' },
      ticket_name: 'DT lane-1',
      pricing_options: { auto_apply_taxes: true },
      fulfillments: [{ type: 'PICKUP', pickup_details: { schedule_type: 'ASAP', note: 'ALLERGY: sesame' } }],
      line_items: [
        {
          catalog_object_id: 'VAR_BURGER',
          quantity: '2',
          modifiers: [
            { catalog_object_id: 'MOD_CHEESE' },
            { catalog_object_id: 'MOD_NO_ONION' },
            { catalog_object_id: 'MOD_COLA' },
          ],
          note: 'extra cheese; cheese (first half); sauce on the side; side: fries (large); well done',
        },
      ],
    },
  });
});

test('another total at Square is taken and has to be looked at', async (t) => {
  const { connector } = await start(t);
  t.match(await connector.send(posTicket('a', { totals: totalOf(950) }), first), {
    kind: 'accepted',
    review: 'the POS says 10.00, the ticket 9.50',
  });
});

test('an item that the menu gives no id, or that Square does not know, is refused', async (t) => {
  const { square, connector } = await start(t);
  const nameless = posTicket('a', { lines: [{ ...firstLine(posTicket('a')), posRef: null }] });
  t.match(await connector.send(nameless, first), { kind: 'refused', detail: /no posRef\.square for "Burger"/ });
  t.equal(square.requests.length, 0);
  const unknown = posTicket('b', { lines: [{ ...firstLine(posTicket('b')), posRef: { square: 'VAR_GONE' } }] });
  t.match(await connector.send(unknown, first), { kind: 'refused', detail: /HTTP 404 NOT_FOUND.*VAR_GONE/ });
});

test('a time-out after creating: the same key gives the same order', async (t) => {
  const { square, connector } = await start(t, 150);
  square.faults.push({ kind: 'silent' });
  t.match(await connector.send(posTicket('a'), first), { kind: 'retry', detail: 'no answer within 150 ms' });
  t.match(await connector.send(posTicket('a'), { ...first, isRepeat: true }), { kind: 'accepted', posOrderId: 'sq-1' });
  t.equal(square.orders.length, 1);
});

test('429 waits as long as Square asks, 503 is tried again', async (t) => {
  const { square, connector } = await start(t);
  square.faults.push({ kind: 'answer', status: 429, retryAfterSeconds: 3 }, { kind: 'answer', status: 503 });
  t.match(await connector.send(posTicket('a'), first), { kind: 'retry', waitMs: 3_000 });
  t.match(await connector.send(posTicket('a'), first), { kind: 'retry', detail: 'HTTP 503', waitMs: null });
  t.match(await connector.send(posTicket('a'), first), { kind: 'accepted' });
});

test('a revision changes the order at its version, once', async (t) => {
  const { square, connector } = await start(t, 150);
  await connector.send(posTicket('a'), first);
  const second = posTicket('a', {
    revision: 2,
    lines: [{ ...firstLine(posTicket('a')), quantity: 3 }],
    totals: totalOf(1_500),
  });
  const after = { previous: { revision: 1, posOrderId: 'sq-1' }, isRepeat: false };
  square.touch('sq-1');
  square.faults.push({ kind: 'silent' });
  t.match(await connector.send(second, after), { kind: 'retry' }, 'applied, and the answer is lost');
  t.match(await connector.send(second, after), { kind: 'accepted', detail: 'Square version 3', posOrderId: 'sq-1' });
  t.match(square.orders, [{ version: 3, line_items: [{ quantity: '3' }], total_money: { amount: 1_500 } }]);
  t.equal(square.orders[0]?.line_items.length, 1);
});

test('an update that Square answers without applying is not taken for one', async (t) => {
  const { square, connector } = await start(t);
  await connector.send(posTicket('a'), first);
  const second = { ...posTicket('a', { revision: 2 }), idempotencyKey: 'tk_a.r1' };
  const after = { previous: { revision: 1, posOrderId: 'sq-1' }, isRepeat: false };
  t.match(await connector.send(second, after), { kind: 'refused', detail: /not applied revision 2/ });
  t.equal(square.orders[0]?.version, 1);
});

test('a void cancels the order; one that Square never had needs none', async (t) => {
  const { square, connector } = await start(t);
  await connector.send(posTicket('a'), first);
  const voided = posTicket('a', { revision: 2, status: 'voided' });
  const after = { previous: { revision: 1, posOrderId: 'sq-1' }, isRepeat: false };
  t.match(await connector.send(voided, after), { kind: 'accepted' });
  t.match(await connector.send(voided, after), { kind: 'accepted' }, 'again');
  t.match(square.orders, [{ state: 'CANCELED', fulfillments: [{ state: 'CANCELED' }] }]);
  const late = posTicket('a', { revision: 3 });
  t.match(await connector.send(late, after), { kind: 'refused', detail: /CANCELED/ }, 'immutable from then on');
  t.match(await connector.send(posTicket('b', { status: 'voided', revision: 2 }), first), { kind: 'accepted' });
  t.equal(square.orders.length, 1);
});
