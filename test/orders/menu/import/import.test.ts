import { test } from 'tap';
import { posRefGaps } from '../../../../src/orders/delivery/connectors/pos-ref-gaps.ts';
import { menuFromCsv } from '../../../../src/orders/menu/import/csv-menu.ts';
import type { ImportContext, ImportedMenu } from '../../../../src/orders/menu/import/import-menu.ts';
import { menuFromSquare } from '../../../../src/orders/menu/import/square-catalog.ts';
import { menuFromToast } from '../../../../src/orders/menu/import/toast-menu.ts';
import { loadMenu } from '../../../../src/orders/menu/menu.ts';

const context: ImportContext = {
  file: 'in',
  id: 'in',
  name: 'Imported',
  currency: 'USD',
  tax: { rate: 0.08, included: false },
};
/** As a gateway would read what was written. */
const loaded = ({ menu }: ImportedMenu) => loadMenu(JSON.parse(JSON.stringify(menu)), 'out.json');

const csv = `﻿Item,Category,Size,Price,Aliases,Group,Option,Option_price,Square,Toast
Burger,mains,,$9.50,hamburger|beef burger,Toppings,,,VAR_B,guid-b/grp-1
Fries,sides,small,2,,,,,VAR_FS,guid-fs/grp-2
Fries,sides,large,3.5,,,,,VAR_FL,guid-fl/grp-2
,,,,,Toppings,"Extra ""Cheddar""",0.75,MOD_C,guid-c/og-1
,,,,,Toppings,onion,,MOD_O,guid-o/og-1
`;

test('a table becomes a menu with sizes, groups, cents and the ids of both POSes', async (t) => {
  const menu = loaded(menuFromCsv(csv, context));
  t.match(menu.items, [
    { id: 'burger', priceCents: 950, aliases: ['hamburger', 'beef burger'], category: 'mains' },
    {
      id: 'fries',
      sizes: [
        { name: 'small', priceCents: 200 },
        { name: 'large', priceCents: 350 },
      ],
    },
  ]);
  t.match(menu.items[0]?.groups, [
    { name: 'Toppings', options: [{ name: 'Extra "Cheddar"', priceCents: 75 }, { priceCents: 0 }] },
  ]);
  for (const kind of ['square', 'toast'] as const) t.same(posRefGaps(menu, kind), { items: [], options: [] }, kind);
});

const square = {
  objects: [
    { type: 'CATEGORY', id: 'CAT', category_data: { name: 'Mains' } },
    {
      type: 'MODIFIER_LIST',
      id: 'ML',
      modifier_list_data: {
        name: 'Extras',
        selection_type: 'MULTIPLE',
        modifiers: [
          {
            type: 'MODIFIER',
            id: 'M1',
            modifier_data: { name: 'feta', price_money: { amount: 100, currency: 'USD' } },
          },
          { type: 'MODIFIER', id: 'M2', modifier_data: { name: 'onion' } },
        ],
      },
    },
    {
      type: 'ITEM',
      id: 'I1',
      item_data: {
        name: 'Classic Shakshuka',
        categories: [{ id: 'CAT' }],
        modifier_list_info: [{ modifier_list_id: 'ML', min_selected_modifiers: -1, max_selected_modifiers: 3 }],
        variations: [
          {
            type: 'ITEM_VARIATION',
            id: 'V1',
            item_variation_data: { name: 'Regular', price_money: { amount: 950, currency: 'USD' } },
          },
        ],
      },
    },
    {
      type: 'ITEM',
      id: 'I2',
      item_data: {
        name: 'Classic Shakshuka',
        variations: [
          {
            type: 'ITEM_VARIATION',
            id: 'V2',
            item_variation_data: { name: 'small', price_money: { amount: 100, currency: 'USD' } },
          },
          {
            type: 'ITEM_VARIATION',
            id: 'V3',
            item_variation_data: { name: 'large', price_money: { amount: 200, currency: 'USD' } },
          },
        ],
      },
    },
    { type: 'ITEM', id: 'I3', item_data: { name: 'Open price', variations: [{ id: 'V4', item_variation_data: {} }] } },
    { type: 'ITEM', id: 'I4', is_deleted: true, item_data: { name: 'Gone', variations: [] } },
    { type: 'TAX', id: 'T1', tax_data: {} },
  ],
};

test("Square's catalogue becomes a menu: variations are sizes, lists are groups", async (t) => {
  const imported = menuFromSquare(JSON.stringify(square), context);
  const menu = loaded(imported);
  t.match(menu.items, [
    { id: 'classic-shakshuka', category: 'Mains', priceCents: 950, groups: [{ name: 'Extras', min: 0, max: 3 }] },
    { id: 'classic-shakshuka-2', category: 'menu', sizes: [{ name: 'small', priceCents: 100 }, { name: 'large' }] },
  ]);
  t.same(imported.skipped, ['Open price: no variation has a price']);
  t.same(posRefGaps(menu, 'square'), { items: [], options: [] });
  t.throws(() => menuFromSquare(JSON.stringify(square), { ...context, currency: 'EUR' }), {
    code: 'MENU_IMPORT_INVALID',
  });
});

const toast = {
  restaurantGuid: 'r',
  menus: [
    {
      name: 'Food',
      guid: 'm',
      menuGroups: [
        {
          name: 'Mains',
          guid: 'g1',
          menuItems: [
            { name: 'Burger', guid: 'i1', price: 9.1, modifierGroupReferences: [1] },
            { name: 'Priced by size', guid: 'i2', price: null },
          ],
          menuGroups: [
            {
              name: 'Kids',
              guid: 'g2',
              menuItems: [
                { name: 'Burger', guid: 'i1', price: 9.1 },
                { name: 'Mini', guid: 'i3', price: 4 },
              ],
            },
          ],
        },
      ],
    },
  ],
  modifierGroupReferences: {
    1: { name: 'Toppings', guid: 'mg', minSelections: 1, maxSelections: 2, modifierOptionReferences: [7, 8] },
  },
  modifierOptionReferences: { 7: { name: 'bacon', guid: 'o1', price: 1.15 } },
};

test("Toast's menus become a menu: decimals are cents by their digits, references are resolved", async (t) => {
  const imported = menuFromToast(JSON.stringify(toast), context);
  const menu = loaded(imported);
  t.match(menu.items, [
    {
      name: 'Burger',
      priceCents: 910,
      category: 'Mains',
      groups: [{ min: 1, max: 2, options: [{ name: 'bacon', priceCents: 115 }] }],
    },
    { name: 'Mini', priceCents: 400, category: 'Kids' },
  ]);
  t.same(imported.skipped, ['Toppings: there is no option 8', 'Priced by size: it has no price of its own']);
  t.same(posRefGaps(menu, 'toast'), { items: [], options: [] });
});

test('what cannot be read is refused with the place', async (t) => {
  const cases: readonly [() => unknown, RegExp][] = [
    [() => menuFromCsv('item,price\nTea,two\n', context), /row 2: "two" is no price/],
    [() => menuFromCsv('item,price\nTea,\n', context), /Tea: no row gives it a price/],
    [() => menuFromCsv('item,price\n', context), /it has no rows/],
    [() => menuFromCsv('item,price\n"Tea,2\n', context), /the table/],
    [() => menuFromCsv('item,price\n,2\n', context), /names neither/],
    [() => menuFromSquare('{"objects": 1}', context), /objects/],
    [() => menuFromSquare('[', context), /\(top\)/],
    [
      () => menuFromToast('{"menus": [{"name": "x", "menuGroups": [{"name": 1}]}]}', context),
      /menus\.0\.menuGroups\.0\.name/,
    ],
  ];
  for (const [read, message] of cases) t.throws(read, { code: 'MENU_IMPORT_INVALID', message });
});
