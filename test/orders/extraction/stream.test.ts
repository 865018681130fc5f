import t from 'tap';
import type { OrderSnapshot } from '../../../src/orders/contract.ts';
import { createOrderExtractor } from '../../../src/orders/extraction/order-extractor.ts';
import { loadMenu } from '../../../src/orders/menu/menu.ts';
import { menuJson, readRows } from '../../eval/rows.ts';
import { Call } from './call.ts';
import { randomOf } from './nano-dialogues.ts';

const menus = new Map(
  ['burger_barn', 'coffee_bar', 'jerusalem_shakshuka', 'slice_house', 'taco_lane'].map((name) => [
    name,
    loadMenu(menuJson(name), `${name}.json`),
  ]),
);

function menuOf(name: string) {
  const menu = menus.get(name);
  if (menu === undefined) throw new Error(name);
  return menu;
}

/** An order without the times, which a split changes. */
function contentOf(orders: readonly OrderSnapshot[]): string {
  return JSON.stringify(orders, (key, value: unknown) =>
    key === 'fromMs' || key === 'toMs' || key === 'atMs' ? undefined : value,
  );
}

t.test('the same text gives the same orders, however it is split into pieces', async (t) => {
  for (const [index, row] of readRows('data/dev.jsonl').entries()) {
    const random = randomOf(index);
    const splits = [() => false, () => true, () => random() < 0.3];
    const [whole, ...others] = splits.map((cutAfter) => {
      const call = new Call(createOrderExtractor(menuOf(row.menu)));
      for (const { text, cut } of row.turns) {
        call.say(text, cutAfter);
        if (cut === true) call.cut();
        call.listen();
      }
      return contentOf(call.end().extractor.orders);
    });
    for (const other of others) t.equal(other, whole, row.id);
  }
});

t.test('garbage of any kind is taken without a throw, and the extractor still listens after it', async (t) => {
  const random = randomOf(7);
  const kinds: readonly (() => string)[] = [
    () => String.fromCodePoint(Math.floor(random() * 0xd7ff)),
    () => String.fromCharCode(0xd800 + Math.floor(random() * 0x7ff)),
    () => '\u2581'.repeat(1 + Math.floor(random() * 4)),
    () => ' ,.?!$%#\'"-'.charAt(Math.floor(random() * 11)),
    () => String(Math.floor(random() * 1e12)),
    () => 'x'.repeat(Math.floor(random() * 20_000)),
    () => '\u2581two\u2581cheeseburgers',
    () => '\u2581no\u2581not\u2581half\u2581all\u2581with\u2581or',
    () => '\u2581__proto__\u2581constructor',
    () => '\u{1F354}\u0301\u200D',
  ];
  for (let round = 0; round < 20; round++) {
    const extractor = createOrderExtractor(menuOf('burger_barn'));
    let atMs = 0;
    for (let count = 0; count < 400; count++) {
      atMs += random() < 0.05 ? 2_000 : 80;
      const kind = kinds[Math.floor(random() * kinds.length)];
      extractor.push({ piece: random() < 0.1 ? null : (kind?.() ?? null), atMs });
      if (random() < 0.02) extractor.cut(atMs);
    }
    const call = new Call(extractor);
    call.atMs = atMs + 2_000;
    call.listen().turn('Welcome to Burger Barn.').turn('So just one veggie burger. Please pull forward.');
    t.ok(
      call
        .end()
        .extractor.orders.at(-1)
        ?.lines.some(({ itemId }) => itemId === 'veggie_burger'),
    );
  }
});

t.test('random words of the menu and of the cues never break the order', async (t) => {
  const random = randomOf(11);
  const words = readRows('own.jsonl').flatMap((row) => row.turns.flatMap(({ text }) => text.split(' ')));
  for (const menu of menus.values()) {
    for (let round = 0; round < 40; round++) {
      const call = new Call(createOrderExtractor(menu));
      for (let turn = 0; turn < 5; turn++) {
        call.turn(Array.from({ length: 25 }, () => words[Math.floor(random() * words.length)]).join(' '));
      }
      for (const { lines, totals } of call.end().extractor.orders) {
        for (const line of lines) {
          t.ok(line.quantity > 0 && line.totalCents === line.unitPriceCents * line.quantity);
          t.ok(line.evidence.length > 0);
        }
        t.equal(
          totals.subtotalCents,
          lines.reduce((sum, line) => sum + line.totalCents, 0),
        );
      }
    }
  }
});
