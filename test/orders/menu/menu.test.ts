import { readdirSync } from 'node:fs';
import t from 'tap';
import { loadMenu, readMenu } from '../../../src/orders/menu/menu.ts';
import { priceOrder, unitPriceCents } from '../../../src/orders/menu/pricing.ts';
import { SpeakerpostError } from '../../../src/runtime/errors.ts';
import { menuJson, readRows } from '../../eval/rows.ts';
import { ordersOf } from '../../eval/score.ts';

const evaluationMenus = new URL('../../eval/data/menus/', import.meta.url);
const small = {
  id: 'small',
  name: 'Small Menu',
  currency: 'USD',
  tax: { rate: 0.1, included: false },
  items: [{ id: 'tea', name: 'Tea', category: 'drinks', price: 200 }],
};

function faultOf(json: unknown): SpeakerpostError {
  try {
    loadMenu(json, 'small.json');
  } catch (error) {
    if (error instanceof SpeakerpostError) return error;
    throw error;
  }
  throw new Error('the menu was accepted');
}

t.test('every menu of the evaluation set and of config is read as it is', async (t) => {
  const files = readdirSync(evaluationMenus).map((file) => new URL(file, evaluationMenus));
  files.push(new URL('../../../config/menus/nano-barn.json', import.meta.url));
  for (const file of files) {
    const menu = readMenu(file.pathname);
    t.match(menu.sha256, /^[0-9a-f]{64}$/);
    t.ok(menu.items.length > 5, file.pathname);
    for (const { combo } of menu.items) for (const slot of combo?.slots ?? []) t.ok(slot.options.length > 1);
  }
  t.equal(files.length, 6);
});

t.test('a fault names the file, the path, the value and what to do', async (t) => {
  const [tea] = small.items;
  const cases: readonly [unknown, string, string][] = [
    [{ ...small, tax: { rate: 1.2, included: false } }, 'tax.rate', '1.2'],
    [{ ...small, items: [{ ...tea, price: 1.5 }] }, 'items.0.price', '1.5'],
    [{ ...small, items: [{ ...tea, price: undefined }] }, 'items.0.price', 'missing'],
    [{ ...small, items: [{ ...tea, modifierGroups: ['milk'] }] }, 'items.0.modifierGroups.0', '"milk"'],
    [{ ...small, items: [tea, tea] }, 'items.1.id', '"tea"'],
    [{ ...small, items: [{ ...tea, prise: 3 }] }, 'items.0.prise', '3'],
    [{ ...small, items: [{ ...tea, combo: { entree: 'cake', slots: [] } }] }, 'items.0.combo.entree', '"cake"'],
    [
      { ...small, items: [{ ...tea, combo: { entree: 'tea', slots: [{ id: 'side', options: ['Cake'] }] } }] },
      'items.0.combo.slots.0.options.0',
      '"Cake"',
    ],
    [
      { ...small, items: [{ ...tea, sizes: [{ name: 'small', price: 1 }], defaultSize: 'huge' }] },
      'items.0.defaultSize',
      '"huge"',
    ],
    [null, '(top)', 'null'],
  ];
  for (const [json, path, value] of cases) {
    const error = faultOf(json);
    t.equal(error.code, 'MENU_INVALID');
    t.match(error.message, `small.json: ${path} is ${value}: `);
    t.match(error.remedy, path);
  }
  t.throws(() => readMenu('/nowhere/menu.json'), { code: 'MENU_UNREADABLE' });
});

t.test('the same content has the same version, another content another one', async (t) => {
  const first = loadMenu(small, 'a.json');
  t.equal(loadMenu(structuredClone(small), 'b.json').sha256, first.sha256);
  t.not(loadMenu({ ...small, name: 'Other' }, 'a.json').version, first.version);
  t.equal(loadMenu({ ...small, version: '2026-11-20.3' }, 'a.json').version, '2026-11-20.3');
});

t.test('tax is taken once a ticket and rounded half up', async (t) => {
  const menu = loadMenu(small, 'small.json');
  t.strictSame(priceOrder(menu, [5, 10]), { subtotalCents: 15, taxCents: 2, totalCents: 17 });
  t.strictSame(priceOrder(menu, [4]), { subtotalCents: 4, taxCents: 0, totalCents: 4 });
  const included = loadMenu({ ...small, tax: { rate: 0.1, included: true } }, 'small.json');
  t.strictSame(priceOrder(included, [1100]), { subtotalCents: 1100, taxCents: 100, totalCents: 1100 });
});

t.test('every development row has the total that its authors computed', async (t) => {
  let compared = 0;
  for (const row of readRows('data/dev.jsonl')) {
    if (row.expected.computedTotal === undefined) continue;
    const menu = loadMenu(menuJson(row.menu), row.menu);
    const lines = (ordersOf(row.expected)[0]?.items ?? []).map(({ name, size, quantity, modifiers }) => {
      const item = menu.items.find((each) => each.name === name);
      if (item === undefined) throw new Error(`${row.id}: ${name}`);
      const options = modifiers
        .filter((modifier) => !modifier.includes('='))
        .map((modifier) => {
          const [, action, optionName] = /^(?:(no|extra|light|side|half1|half2):)?(.*)$/.exec(modifier) ?? [];
          const option = item.groups.flatMap((group) => group.options).find((each) => each.name === optionName);
          return { action: action === 'no' ? ('no' as const) : ('add' as const), priceCents: option?.priceCents ?? 0 };
        });
      return unitPriceCents(item, size ?? null, options) * quantity;
    });
    t.equal(priceOrder(menu, lines).totalCents, row.expected.computedTotal, row.id);
    compared++;
  }
  t.ok(compared > 50);
});
