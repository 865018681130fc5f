import t from 'tap';
import { createOrderExtractor } from '../../../src/orders/extraction/order-extractor.ts';
import { loadMenu } from '../../../src/orders/menu/menu.ts';
import { menuJson } from '../../eval/rows.ts';
import { Call, linesOf } from './call.ts';

const barn = loadMenu(menuJson('burger_barn'), 'burger_barn.json');
const callAt = () => new Call(createOrderExtractor(barn));

t.test('words come with their turn and times, punctuation kept', async (t) => {
  const call = callAt().turn('Welcome to Burger Barn.').turn('Okay, two cheeseburgers.');
  t.strictSame(
    call.words.map(({ turn, text }) => `${turn} ${text}`),
    ['1 Welcome', '1 to', '1 Burger', '1 Barn.', '2 Okay,', '2 two', '2 cheeseburgers.'],
  );
  for (const { fromMs, toMs } of call.words) t.ok(fromMs <= toMs && fromMs > 0);
  for (const [index, word] of call.words.entries()) {
    const before = call.words[index - 1];
    if (before !== undefined) t.ok(before.toMs <= word.fromMs, `${before.text} ${word.text}`);
  }
});

t.test('a line carries the words that made it, with their times', async (t) => {
  const call = callAt().turn('Welcome to Burger Barn.').turn('Okay, two large cokes and a cheeseburger.');
  const [coke, burger] = call.changed.at(-1)?.lines ?? [];
  t.equal(coke?.evidence[0]?.text, 'two large cokes');
  t.equal(burger?.evidence[0]?.text, 'a cheeseburger.');
  const two = call.words.find(({ text }) => text === 'two');
  const cokes = call.words.find(({ text }) => text === 'cokes');
  t.equal(coke?.evidence[0]?.fromMs, two?.fromMs);
  t.equal(coke?.evidence[0]?.toMs, cokes?.toMs);
  t.equal(coke?.evidence[0]?.turn, 2);
});

t.test('a closing phrase closes the order once, with its total compared', async (t) => {
  const call = callAt()
    .turn('One cheeseburger and a small coke. Nine dollars and seventy two cents, please pull forward. Thank you!')
    .end();
  t.equal(call.closed.length, 1);
  const [order] = call.closed;
  t.equal(order?.status, 'confirmed');
  t.equal(order?.totals.totalCents, 972);
  t.equal(order?.totals.spokenMatches, true);
  t.strictSame(order?.reviewReasons, []);
  t.equal(order?.history.at(-1)?.op, 'close');
});

t.test('an order that changes after it was closed is closed again as the next revision', async (t) => {
  const call = callAt()
    .turn('One cheeseburger. Please pull forward.')
    .turn('Oh, and a large coke, sure. See you at the window.')
    .end();
  t.strictSame(
    call.closed.map(({ revision, lines }) => [revision, lines.length]),
    [
      [1, 1],
      [2, 2],
    ],
  );
});

t.test('each car has an order of its own', async (t) => {
  const call = callAt()
    .turn('Welcome to Burger Barn.')
    .turn('One cheeseburger. Please pull forward.')
    .turn('Welcome to Burger Barn.')
    .turn('Two apple pies. Please pull forward.')
    .end();
  t.strictSame(
    call.closed.map((order) => [order.customerSeq, ...linesOf(order)]),
    [
      [1, '1 Cheeseburger'],
      [2, '2 Apple Pie'],
    ],
  );
});

t.test('a caller who leaves, or a lane that fails, closes the order for review', async (t) => {
  const left = callAt().turn('One cheeseburger. Anything else?').end('left');
  t.strictSame(left.closed[0]?.reviewReasons, ['no_final_readback']);
  const failed = callAt().turn('One cheeseburger and a').end('lane_failed');
  t.ok(failed.closed[0]?.reviewReasons.includes('truncated'));
  t.equal(failed.closed[0]?.status, 'confirmed');
});

t.test('an order of nothing is abandoned', async (t) => {
  t.equal(callAt().turn('Welcome to Burger Barn.').end().closed[0]?.status, 'abandoned');
  const cancelled = callAt().turn('Two cheeseburgers.').turn("Okay, I've cancelled your order.").end();
  t.equal(cancelled.closed[0]?.status, 'abandoned');
  t.strictSame(cancelled.closed[0]?.lines, []);
});

t.test('a barge-in drops the unfinished word', async (t) => {
  const call = callAt()
    .say('So two cheeseburgers and one app')
    .cut()
    .listen()
    .turn('Okay, just the burgers. Please pull forward.')
    .end();
  t.notOk(call.words.some(({ text }) => text === 'app'));
  t.strictSame(linesOf(call.closed[0]), ['2 Cheeseburger']);
});

t.test('a barge-in after a pause keeps the word before the pause', async (t) => {
  const call = callAt().say('Okay, two cheeseburgers').listen(400).cut().listen().end();
  t.equal(call.words.at(-1)?.text, 'cheeseburgers');
  t.strictSame(linesOf(call.closed[0]), ['2 Cheeseburger']);
});

t.test('a total that is not the price of the lines is a reason for review', async (t) => {
  const call = callAt().turn('One cheeseburger. Your total is twelve dollars. Please pull forward.').end();
  t.strictSame(call.closed[0]?.reviewReasons, ['total_mismatch']);
  t.equal(call.closed[0]?.totals.spokenTotalCents, 1200);
});

t.test('of two readings the one with the spoken total is taken', async (t) => {
  const say = (total: string) =>
    callAt().turn(`A number one with a coke and a large fry. ${total}. Please pull forward.`).end().closed[0];
  // 9.98 and 8.25 % tax with the fry as the combo's side; 3.49 more with one of its own.
  t.strictSame(linesOf(say('Ten dollars and eighty cents')), ['1 Classic Burger Combo']);
  t.strictSame(linesOf(say('Fourteen dollars and fifty eight cents')), ['1 Classic Burger Combo', '1 Fries/large']);
});

t.test('nothing appears and vanishes without words that say so', async (t) => {
  const call = callAt();
  for (const text of [
    'Welcome to Burger Barn.',
    'We have classic burgers and cheeseburgers.',
    'A large shake is four forty nine.',
    'Would you like a large coke?',
    'Okay, one cheeseburger and a large coke.',
    'So that is one cheeseburger and one large coke. Please pull forward.',
  ])
    call.turn(text);
  t.strictSame(call.end().changed.map(linesOf), [['1 Cheeseburger', '1 Coke/large']]);
});
