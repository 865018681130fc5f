import { test } from 'tap';
import { OrderTaking } from '../../src/calls/order-taking.ts';
import type { OrderSnapshot } from '../../src/orders/contract.ts';
import { createOrderExtractor } from '../../src/orders/extraction/order-extractor.ts';
import { loadMenu } from '../../src/orders/menu/menu.ts';
import { readBackText } from '../../src/orders/ticket/read-back.ts';
import type { Ticket } from '../../src/orders/ticket.ts';
import { menuJson } from '../eval/rows.ts';

const menu = loadMenu(menuJson('jerusalem_shakshuka'), 'shakshuka');
const settle = () => new Promise((done) => setImmediate(done));

function takeOrder(wanted = true) {
  const kept: OrderSnapshot[] = [];
  const said: string[] = [];
  const saying = Promise.withResolvers<void>();
  const orders = new OrderTaking({
    callId: 'c_1',
    extractor: createOrderExtractor(menu),
    readBack: wanted
      ? (order) => {
          said.push(readBackText(order, menu));
          return saying.promise;
        }
      : null,
    toTicket: (order) => {
      kept.push(order);
      return {} as Ticket;
    },
    keep: async () => {},
    onTicketFailed: (_, error) => {
      throw error;
    },
    record: () => {},
    emit: () => {},
  });
  let atMs = 0;
  const push = (piece: string | null, ms: number) => {
    atMs += ms;
    orders.push({ piece, atMs });
  };
  const silence = (ms: number) => {
    for (const endMs = atMs + ms; atMs < endMs; ) push(null, 80);
  };
  const hear = (text: string) => {
    for (const word of text.split(' ')) push(`▁${word}`, 240);
    silence(1_000);
  };
  return { orders, kept, said, saying, hear, silence, end: () => orders.end(atMs, 'left') };
}

const closing = 'Okay, two classic shakshukas with no onion. Please pull forward to the window.';

test('closed without its total: it is read back first, and goes out once with the total as spoken', async (t) => {
  const { kept, said, saying, hear } = takeOrder();
  hear(closing);
  t.same(kept, [], 'not before it is read back');
  t.same(said, [
    'So that is two Classic Shakshuka with no onion. Your total is nineteen dollars. Please pull forward to the window.',
  ]);
  hear(said[0] ?? '');
  saying.resolve();
  await settle();
  t.match(kept, [
    { revision: 1, reviewReasons: [], totals: { totalCents: 1_900, spokenTotalCents: 1_900, spokenMatches: true } },
  ]);
  t.match(kept[0]?.lines, [{ itemId: 'classic', quantity: 2, modifiers: [{ action: 'no', optionId: 'onion' }] }]);
  hear('Oh, and one warm pita too. Your total is twenty one dollars and fifty cents. Please pull forward.');
  t.match(kept.slice(1), [{ revision: 2, totals: { totalCents: 2_150 } }], 'a change after that is the next revision');
});

test('no order waits for a read-back that cannot be said, is not understood, takes long, or whose car has left', async (t) => {
  const refused = takeOrder();
  refused.hear(closing);
  refused.saying.reject(new Error('LANE_WORDS_INVALID'));
  await settle();
  t.match(refused.kept, [{ revision: 1, totals: { spokenTotalCents: null } }]);

  const misheard = takeOrder();
  misheard.hear(closing);
  misheard.hear('So that is one warm pita. Your total is nineteen dollars. Please pull forward to the window.');
  t.match(misheard.kept, [{ lines: [{ itemId: 'classic' }] }]);

  const quiet = takeOrder();
  quiet.hear(closing);
  quiet.saying.resolve();
  await settle();
  quiet.silence(1_900);
  t.equal(quiet.kept.length, 0);
  quiet.silence(200);
  t.equal(quiet.kept.length, 1);

  const stuck = takeOrder();
  stuck.hear(closing);
  stuck.silence(31_000);
  t.equal(stuck.kept.length, 1);

  const gone = takeOrder();
  gone.hear(closing);
  gone.end();
  t.equal(gone.kept.length, 1);
});

test('nothing is read back where the agent said the total, or where the store does not want it', async (t) => {
  const total = takeOrder();
  total.hear('Okay, one warm pita. Your total is two dollars and fifty cents. Please pull forward to the window.');
  t.same([total.said.length, total.kept.length], [0, 1]);
  const unwanted = takeOrder(false);
  unwanted.hear(closing);
  t.equal(unwanted.kept.length, 1);
});
