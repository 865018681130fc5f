import t from 'tap';
import { describeFinding, lintMenu } from '../../../src/orders/extraction/lint-menu.ts';
import { loadMenu } from '../../../src/orders/menu/menu.ts';
import { menuJson } from '../../eval/rows.ts';

const menuOf = (name: string, items: readonly object[], options: readonly object[] = []) =>
  loadMenu(
    {
      id: 'lint',
      name,
      currency: 'USD',
      tax: { rate: 0, included: false },
      items: items.map((item, index) => ({ id: `i${index}`, category: 'food', price: 100, ...item })),
      modifierGroups: [{ id: 'g', name: 'Options', options }],
    },
    'lint.json',
  );

t.test('words that name two items, or two options of a group, are found, plurals too', async (t) => {
  const menu = menuOf(
    'Lint',
    [
      { name: 'Garden Salad', aliases: ['salad'] },
      { name: 'Fruit Cup', aliases: ['salads', 'number 1'] },
      { name: 'Pie', aliases: ['number one'] },
    ],
    [
      { id: 'hot', name: 'hot sauce', aliases: ['sauce'], price: 0 },
      { id: 'mild', name: 'mild sauce', aliases: ['Sauce'], price: 0 },
    ],
  );
  const found = lintMenu(menu);
  t.ok(found.every(({ kind }) => kind === 'ambiguous'));
  const named = (phrase: string) => found.find((finding) => finding.phrase === phrase)?.names;
  t.strictSame(named('salad'), ['Garden Salad', 'Fruit Cup']);
  t.strictSame(named('number 1'), ['Fruit Cup', 'Pie']);
  t.strictSame(named('sauce'), ['hot sauce', 'mild sauce']);
});

t.test("a product's words inside the store's name are found", async (t) => {
  const menu = menuOf('Pie Palace', [{ name: 'Apple Pie', aliases: ['pie'] }, { name: 'Coffee' }]);
  const found = lintMenu(menu);
  t.strictSame(found, [{ kind: 'in_store_name', phrase: 'pie', names: ['Apple Pie'] }]);
  t.equal(found.map(describeFinding).join(), '"pie" (Apple Pie) is in the store\'s name');
});

t.test('the same words for an item and for an option are none: what stands around them tells', async (t) => {
  const menu = menuOf('Lint', [{ name: 'Guacamole' }], [{ id: 'guac', name: 'guacamole', price: 50 }]);
  t.strictSame(lintMenu(menu), []);
});

t.test("the evaluation's menus leave open only what their stores' names do", async (t) => {
  const findings = ['burger_barn', 'coffee_bar', 'slice_house', 'taco_lane', 'jerusalem_shakshuka'].flatMap((name) =>
    lintMenu(loadMenu(menuJson(name), name)).map((finding) => `${name}: ${describeFinding(finding)}`),
  );
  t.strictSame(findings, [
    'burger_barn: "burger" (Classic Burger) is in the store\'s name',
    'slice_house: "pizza" (Cheese Pizza) is in the store\'s name',
  ]);
});
