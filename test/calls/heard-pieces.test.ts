import t from 'tap';
import { HeardPieces } from '../../src/calls/heard-pieces.ts';
import type { TimedPiece } from '../../src/orders/contract.ts';
import { createOrderExtractor } from '../../src/orders/extraction/order-extractor.ts';
import { loadMenu } from '../../src/orders/menu/menu.ts';
import { FakeClock } from '../../src/runtime/fake-clock.ts';
import { piecesOf } from '../eval/pieces.ts';
import { menuJson } from '../eval/rows.ts';
import { deskFixture } from './fixtures.ts';

function heardFixture() {
  const clock = new FakeClock();
  const heard: TimedPiece[] = [];
  const cuts: number[] = [];
  const pieces = new HeardPieces({
    clock,
    nowMs: () => clock.nowMs(),
    heard: (piece) => heard.push(piece),
    cut: (atMs) => cuts.push(atMs),
  });
  return { clock, heard, cuts, pieces, texts: () => heard.map(({ piece }) => piece) };
}

t.test('a piece is handed on when its sound goes out, in order', async (t) => {
  const { clock, pieces, texts } = heardFixture();
  pieces.announce({ piece: '\u2581two', atMs: 80 });
  pieces.announce({ piece: '\u2581cokes', atMs: 160 });
  t.strictSame(texts(), []);
  clock.advance(80);
  t.strictSame(texts(), ['\u2581two']);
  clock.advance(80);
  t.strictSame(texts(), ['\u2581two', '\u2581cokes']);
  t.equal(clock.pendingCount, 0, 'no timer is left');
});

t.test('a cut drops what was announced for later, and says so once', async (t) => {
  const { clock, pieces, texts, cuts } = heardFixture();
  for (const [index, piece] of ['\u2581one', '\u2581pie', '\u2581and', '\u2581fries'].entries())
    pieces.announce({ piece, atMs: 80 * (index + 1) });
  clock.advance(80);
  pieces.cut(240);
  clock.advance(1_000);
  t.strictSame(texts(), ['\u2581one', '\u2581pie']);
  t.strictSame(cuts, [240]);
});

t.test('a cut of silence alone cuts no word off', async (t) => {
  const { clock, pieces, cuts } = heardFixture();
  pieces.announce({ piece: '\u2581sure', atMs: 0 });
  pieces.announce({ piece: null, atMs: 80 });
  pieces.cut(40);
  clock.advance(500);
  t.strictSame(cuts, []);
});

/** A call on the burger menu whose agent's text comes `leadMs` before its sound. */
async function burgerCall(leadMs: number) {
  const menu = loadMenu(menuJson('burger_barn'), 'burger_barn');
  const desk = deskFixture({}, undefined, undefined, null, () => createOrderExtractor(menu));
  const invite = await desk.ring();
  invite.dialog.ack();
  const callId = desk.desk.live[0]?.callId ?? '';
  let frame = 0;
  return {
    desk,
    say(text: string) {
      for (const piece of [...piecesOf(text), ...Array.from({ length: 12 }, () => null)]) {
        const atMs = frame * 80 + leadMs;
        desk.plane.emit('spoken', { callId, frame, piece, atMs });
        frame++;
        desk.clock.advance(80);
      }
    },
    /** Announces text at once, as a burst whose sound is still to go out, and cuts it at its word of that number. */
    sayCutAt(text: string, words: number) {
      const nowMs = frame * 80;
      let atMs = nowMs;
      let cutMs = 0;
      for (const [index, word] of text.split(' ').entries()) {
        if (index === words) cutMs = atMs;
        for (const piece of piecesOf(word)) {
          desk.plane.emit('spoken', { callId, frame, piece, atMs });
          frame++;
          atMs += 80;
        }
      }
      desk.plane.emit('cut', { callId, atMs: cutMs, untilMs: null });
      desk.clock.advance(atMs - nowMs + 960);
      frame += 12;
    },
    lines: () =>
      desk.desk.live[0]?.orders.at(-1)?.lines.map(({ name, quantity, size }) => `${quantity} ${size ?? ''} ${name}`),
  };
}

t.test('words whose sound was not sent are not ordered', async (t) => {
  const call = await burgerCall(160);
  call.say('Okay, two cheeseburgers.');
  call.sayCutAt('And a large coke and an apple pie.', 5);
  call.say('Anything else?');
  t.strictSame(call.lines(), ['2  Cheeseburger', '1 large Coke']);
});

t.test('without a cut the same words are ordered', async (t) => {
  const call = await burgerCall(160);
  call.say('Okay, two cheeseburgers.');
  call.say('And a large coke and an apple pie.');
  call.say('Anything else?');
  t.strictSame(call.lines(), ['2  Cheeseburger', '1 large Coke', '1  Apple Pie']);
});
