import { rmSync, writeFileSync } from 'node:fs';
import { type Test, test } from 'tap';
import { MenuBook } from '../../../src/orders/menu/menu-book.ts';
import type { ErrorRecord } from '../../../src/runtime/errors.ts';
import { FakeClock } from '../../../src/runtime/fake-clock.ts';

const cafe = {
  id: 'cafe',
  name: 'Cafe',
  currency: 'USD',
  tax: { rate: 0, included: true },
  dayparts: [
    { id: 'breakfast', name: 'Breakfast', from: '05:00', to: '10:30', days: ['mon', 'tue', 'wed', 'thu', 'fri'] },
    { id: 'night', name: 'Night', from: '22:00', to: '02:00' },
  ],
  items: [
    { id: 'tea', name: 'Tea', category: 'drinks', price: 200, modifierGroups: ['milk'] },
    { id: 'muffin', name: 'Muffin', category: 'food', price: 300, dayparts: ['breakfast'] },
    { id: 'soup', name: 'Soup', category: 'food', price: 400, dayparts: ['night'] },
  ],
  modifierGroups: [{ id: 'milk', name: 'Milk', options: [{ id: 'oat', name: 'oat milk', price: 50 }] }],
};

/** Wednesday, by the store's clock in Chicago (UTC-6). */
const at = (time: string) => Date.parse(`2026-11-25T${time}:00-06:00`);

function openBook(t: Test, wallMs: number) {
  const directory = t.testdir({ 'cafe.json': JSON.stringify(cafe) });
  const file = `${directory}/cafe.json`;
  const clock = new FakeClock(wallMs);
  const faults: ErrorRecord[] = [];
  const open = () =>
    new MenuBook(
      { files: [file, file], stockFile: `${directory}/stock.json`, timezone: 'America/Chicago' },
      { clock, onFault: (error) => faults.push(error) },
    );
  const book = open();
  const out = (from = book) =>
    from
      .of(file)
      .items.filter((item) => item.isOutOfStock)
      .map(({ id }) => id);
  return { directory, file, clock, faults, book, open, out };
}

test('what is out of stock is out at once, is still out after a restart, and comes back by hand or by its time', async (t) => {
  const { directory, file, clock, book, open, out } = openBook(t, at('08:00'));
  const seen: string[] = [];
  book.onChange((menu) =>
    seen.push(
      menu.items
        .filter(({ isOutOfStock }) => isOutOfStock)
        .map(({ id }) => id)
        .join(),
    ),
  );
  const before = book.of(file);
  t.same(out(), ['soup']);
  book.look();
  t.equal(book.of(file), before, 'the same menu as long as nothing changes');
  book.setStock('cafe', { kind: 'item', id: 'tea' }, true, null);
  book.setStock('cafe', { kind: 'item', id: 'muffin' }, true, at('09:00'));
  book.setStock('cafe', { kind: 'option', id: 'milk/oat' }, true, null);
  t.same(out(), ['tea', 'muffin', 'soup']);
  t.equal(book.of(file).groups[0]?.options[0]?.isOutOfStock, true);
  t.equal(book.of(file).items[0]?.groups[0]?.options[0]?.isOutOfStock, true);
  t.same(out(open()), ['tea', 'muffin', 'soup'], 'a restart');
  clock.advance(3_600_000);
  book.look();
  t.same(out(), ['tea', 'soup'], 'its time is over');
  book.setStock('cafe', { kind: 'item', id: 'tea' }, false, null);
  t.same(out(), ['soup']);
  t.same(seen, ['tea,soup', 'tea,muffin,soup', 'tea,muffin,soup', 'tea,soup', 'soup']);
  for (const target of [
    { kind: 'item', id: 'cake' },
    { kind: 'option', id: 'oat' },
  ] as const)
    t.throws(() => book.setStock('cafe', target, true, null), { code: 'MENU_ENTRY_UNKNOWN' });
  t.throws(() => book.setStock('bar', { kind: 'item', id: 'tea' }, true, null), { code: 'MENU_UNKNOWN' });
  writeFileSync(`${directory}/stock.json`, '{"missing": [');
  t.throws(open, { code: 'STOCK_UNUSABLE' });
});

test('what cannot be written is not out: nothing has changed', async (t) => {
  const { directory, file, book, out } = openBook(t, at('08:00'));
  rmSync(directory, { recursive: true });
  writeFileSync(directory, 'a file where the folder was');
  t.throws(() => book.setStock('cafe', { kind: 'item', id: 'tea' }, true, null), { code: 'STOCK_UNUSABLE' });
  t.same(out(), ['soup']);
  t.ok(book.of(file));
});

test('a changed file is in use within a second; a faulty one is told once and changes nothing', async (t) => {
  const { file, clock, faults, book } = openBook(t, at('08:00'));
  book.start();
  const price = () => book.of(file).items[0]?.priceCents;
  writeFileSync(file, JSON.stringify({ ...cafe, items: [{ ...cafe.items[0], price: 250 }, ...cafe.items.slice(1)] }));
  clock.advance(1_000);
  t.equal(price(), 250);
  writeFileSync(file, '{"id": "cafe", ');
  clock.advance(5_000);
  t.equal(price(), 250);
  t.match(faults, [{ code: 'MENU_NOT_RELOADED', details: { file } }]);
  t.equal(faults.length, 1);
  rmSync(file);
  clock.advance(1_000);
  t.equal(price(), 250);
  t.equal(faults.length, 2);
  writeFileSync(file, JSON.stringify(cafe));
  clock.advance(1_000);
  t.equal(price(), 200);
  book.stop();
  t.equal(clock.pendingCount, 0);
});

test("a part of the day is the store's own, also past midnight", async (t) => {
  for (const [time, wallMs, daypart, out] of [
    ['Wednesday 08:00', at('08:00'), 'breakfast', 'soup'],
    ['Wednesday 10:30', at('10:30'), null, 'muffin,soup'],
    ['Wednesday 23:00', at('23:00'), 'night', 'muffin'],
    ['Wednesday 01:59', at('01:59'), 'night', 'muffin'],
    ['Saturday 08:00', at('08:00') + 3 * 86_400_000, null, 'muffin,soup'],
  ] as const) {
    const { book, file, out: missing } = openBook(t, wallMs);
    t.equal(book.of(file).daypart?.id ?? null, daypart, time);
    t.equal(missing().join(), out, time);
  }
});

test('two menus of one id are refused', async (t) => {
  const directory = t.testdir({ 'a.json': JSON.stringify(cafe), 'b.json': JSON.stringify(cafe) });
  const files = [`${directory}/a.json`, `${directory}/b.json`];
  const options = { files, stockFile: `${directory}/stock.json`, timezone: 'UTC' };
  t.throws(() => new MenuBook(options, { clock: new FakeClock(), onFault: t.fail }), { code: 'MENU_ID_TWICE' });
});
