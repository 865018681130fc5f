import t from 'tap';
import { createOrderExtractor } from '../../../src/orders/extraction/order-extractor.ts';
import { loadMenu } from '../../../src/orders/menu/menu.ts';
import { buildTicket, type TicketContext } from '../../../src/orders/ticket/build-ticket.ts';
import { ticketSchema } from '../../../src/orders/ticket.ts';
import { menuJson } from '../../eval/rows.ts';
import { Call } from '../extraction/call.ts';

const menu = loadMenu(menuJson('burger_barn'), 'burger_barn.json');
const context: TicketContext = {
  store: { id: 'store-12', externalId: 'LQ3N', timezone: 'America/Chicago' },
  menu,
  lane: '1',
  callId: 'c_8f2',
  startedWallMs: Date.UTC(2026, 10, 20, 18, 0, 0),
  greetedWallMs: null,
  confirmedWallMs: Date.UTC(2026, 10, 20, 18, 1, 30),
  producerVersion: '1.0.0',
};

function closedOrders(...turns: readonly string[]) {
  const call = new Call(createOrderExtractor(menu));
  for (const turn of turns) call.turn(turn);
  return call.end().closed;
}

t.test('a closed order becomes a ticket that fits the schema', async (t) => {
  const [order] = closedOrders(
    'A large number three with a sprite, no ice, and a fry.',
    'Seventeen dollars and seven cents. Please pull forward.',
  );
  if (order === undefined) throw new Error('no order');
  const ticket = buildTicket(order, context);
  t.strictSame(ticketSchema.parse(JSON.parse(JSON.stringify(ticket))), ticket);
  t.equal(ticket.idempotencyKey, 'tk_c_8f2_1.r1');
  t.equal(ticket.supersedes, null);
  t.equal(ticket.menu.sha256, menu.sha256);
  t.equal(ticket.times.confirmed, '2026-11-20T18:01:30.000Z');
  t.equal(ticket.times.greeted, null);
  const [combo] = ticket.lines;
  t.strictSame(combo?.combo, { number: '3', slots: { drink: { itemId: 'sprite', size: null } } });
  t.equal(combo?.size, 'large');
  t.match(combo?.modifiers, [{ optionId: 'ice', action: 'no', priceCents: 0 }]);
  t.equal(ticket.totals.totalCents, ticket.totals.subtotalCents + ticket.totals.taxCents);
});

t.test('a revision supersedes the one before it, and an order taken back is voided', async (t) => {
  const [first, second] = closedOrders('One cheeseburger. Please pull forward.', "Okay, I've cancelled your order.");
  if (first === undefined || second === undefined) throw new Error('two closings were expected');
  t.equal(buildTicket(first, context).status, 'confirmed');
  const voided = buildTicket(second, context);
  t.equal(voided.status, 'voided');
  t.equal(voided.supersedes, 'tk_c_8f2_1.r1');
  t.equal(voided.idempotencyKey, 'tk_c_8f2_1.r2');
});

t.test('reasons for review and words that no item has are on the ticket', async (t) => {
  const [order] = closedOrders('One cheeseburger and an order of mozzarella sticks. Please pull forward.');
  if (order === undefined) throw new Error('no order');
  const ticket = buildTicket(order, context);
  t.strictSame(ticket.review, { needed: true, reasons: ['unknown_item'] });
  t.strictSame(ticket.notes, [{ kind: 'unresolved', text: 'mozzarella sticks' }]);
});

t.test('a draft is refused', async (t) => {
  const call = new Call(createOrderExtractor(menu)).turn('One cheeseburger.');
  const draft = call.changed[0];
  if (draft === undefined) throw new Error('no draft');
  t.throws(() => buildTicket(draft, context), { code: 'INTERNAL' });
});
