import { type Test, test } from 'tap';
import { ToastConnector } from '../../../../src/orders/delivery/connectors/toast-connector.ts';
import type { Ticket } from '../../../../src/orders/ticket.ts';
import { systemClock } from '../../../../src/runtime/clock.ts';
import { startFakeToast } from '../../../support/fake-pos/toast.ts';
import { first, firstLine, modifier, posTicket, refs, toastMenu, toastTarget, totalOf } from './targets.ts';

async function start(t: Test, timeoutMs = 2_000) {
  const toast = await startFakeToast(toastMenu);
  t.teardown(() => toast.close());
  return { toast, connector: new ToastConnector(toastTarget(toast.url, timeoutMs), systemClock) };
}

const ticketOf = (name: string, change: Partial<Ticket> = {}) => posTicket(name, change, 'toast');

test('a ticket is priced, then placed under its externalId', async (t) => {
  const { toast, connector } = await start(t);
  const line = {
    ...firstLine(ticketOf('a')),
    modifiers: [
      modifier('cheese', 'add', { posRef: refs.cheese, priceCents: 50 }),
      modifier('onion', 'no', { posRef: refs.onion }),
      modifier('onion', 'light', { posRef: refs.onion }),
    ],
    combo: { number: null, slots: { drink: { itemId: 'cola', size: null, posRef: refs.cola } } },
  };
  const notes: Ticket['notes'] = [{ kind: 'allergy', text: 'sesame' }];
  t.match(await connector.send(ticketOf('a', { lines: [line], totals: totalOf(1_100), notes }), first), {
    kind: 'accepted',
    detail: 'HTTP 200',
    posOrderId: toast.orders[0]?.guid,
    review: undefined,
  });
  t.same(
    toast.requests.map(({ path }) => path),
    ['/authentication/v1/authentication/login', '/orders/v2/prices', '/orders/v2/orders'],
  );
  t.match(toast.orders, [
    {
      externalId: 'SP:tk_a.r1',
      checks: [
        {
          externalId: 'SP:tk_a.r1.c1',
          totalAmount: 11,
          selections: [
            {
              item: { guid: 'burger-guid' },
              itemGroup: { guid: 'burgers-guid' },
              quantity: 2,
              modifiers: [
                { item: { guid: 'cheese-guid' }, quantity: 2 },
                { item: { guid: 'onion-guid' }, preModifier: { guid: 'pre-no' } },
                { selectionType: 'SPECIAL_REQUEST', displayName: 'light onion' },
                { item: { guid: 'cola-guid' }, optionGroup: { guid: 'drinks-guid' } },
                { selectionType: 'SPECIAL_REQUEST', displayName: 'ALLERGY: sesame' },
              ],
            },
          ],
        },
      ],
    },
  ]);
});

test('a time-out after creating: the duplicate externalId is looked up and is the order', async (t) => {
  const { toast, connector } = await start(t, 150);
  toast.faults.push({ kind: 'silent' });
  t.match(await connector.send(ticketOf('a'), first), { kind: 'retry', detail: 'no answer within 150 ms' });
  t.match(await connector.send(ticketOf('a'), first), {
    kind: 'accepted',
    detail: 'there already',
    posOrderId: toast.orders[0]?.guid,
  });
  t.equal(toast.orders.length, 1);
});

test('429 and 503 are tried again, an unknown item is refused with Toast’s reason', async (t) => {
  const { toast, connector } = await start(t);
  toast.faults.push({ kind: 'answer', status: 429, retryAfterSeconds: 2 }, { kind: 'answer', status: 503 });
  t.match(await connector.send(ticketOf('a'), first), { kind: 'retry', waitMs: 2_000 });
  t.match(await connector.send(ticketOf('a'), first), { kind: 'retry', detail: 'HTTP 503' });
  t.match(await connector.send(ticketOf('a'), first), { kind: 'accepted' });
  const posRef = { toast: { item: 'gone-guid', group: 'burgers-guid' } };
  const unknown = ticketOf('b', { lines: [{ ...firstLine(ticketOf('b')), posRef }] });
  t.match(await connector.send(unknown, first), { kind: 'refused', detail: 'HTTP 400 unknown item gone-guid' });
  const nameless = ticketOf('c', { lines: [{ ...firstLine(ticketOf('c')), posRef: { toast: { item: 'x' } } }] });
  t.match(await connector.send(nameless, first), { kind: 'refused', detail: /no posRef\.toast for "Burger"/ });
});

test('another total at Toast is taken and has to be looked at', async (t) => {
  const { connector } = await start(t);
  t.match(await connector.send(ticketOf('a', { totals: totalOf(999) }), first), {
    kind: 'accepted',
    review: 'the POS says 10.00, the ticket 9.99',
  });
});

test('a token that Toast has forgotten is replaced; a wrong client is refused without its secret', async (t) => {
  const { toast, connector } = await start(t);
  await connector.send(ticketOf('a'), first);
  toast.expireTokens();
  t.match(await connector.send(ticketOf('b'), first), { kind: 'accepted' });
  const wrong = new ToastConnector({ ...toastTarget(toast.url), clientSecret: 'wrong-secret' }, systemClock);
  const answer = await wrong.send(ticketOf('c'), first);
  t.match(answer, { kind: 'refused', detail: /check clientId/ });
  t.notMatch(answer.detail, /wrong-secret/);
});

test('a revision is a new order and voids the earlier one, however often it is sent', async (t) => {
  const { toast, connector } = await start(t, 150);
  await connector.send(ticketOf('a'), first);
  const previous = { revision: 1, posOrderId: toast.orders[0]?.guid ?? '' };
  const second = ticketOf('a', { revision: 2 });
  toast.faults.push({ kind: 'answer', status: 200 }, { kind: 'silent' });
  t.match(await connector.send(second, { previous, isRepeat: false }), { kind: 'retry' }, 'an answer without an order');
  t.match(await connector.send(second, { previous, isRepeat: true }), { kind: 'retry' }, 'placed, answer lost');
  t.match(await connector.send(second, { previous, isRepeat: true }), { kind: 'accepted' });
  t.match(await connector.send(second, { previous, isRepeat: true }), { kind: 'accepted' });
  t.match(toast.orders, [
    { externalId: 'SP:tk_a.r1', voided: true },
    { externalId: 'SP:tk_a.r2', voided: false },
  ]);
});

test('a void voids the order; one that Toast never had needs none', async (t) => {
  const { toast, connector } = await start(t);
  await connector.send(ticketOf('a'), first);
  const previous = { revision: 1, posOrderId: toast.orders[0]?.guid ?? '' };
  const voided = ticketOf('a', { revision: 2, status: 'voided' });
  t.match(await connector.send(voided, { previous, isRepeat: false }), { kind: 'accepted', detail: 'voided' });
  t.match(await connector.send(voided, { previous, isRepeat: true }), { kind: 'accepted' });
  t.match(toast.orders, [{ voided: true }]);
  t.equal(toast.orders.length, 1);
  t.match(await connector.send(ticketOf('b', { revision: 2, status: 'voided' }), first), { kind: 'accepted' });
});
