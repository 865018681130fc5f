import fc from 'fast-check';
import { test } from 'tap';
import { lintMenu } from '../../../src/orders/extraction/lint-menu.ts';
import { createOrderExtractor } from '../../../src/orders/extraction/order-extractor.ts';
import { menuFromCsv } from '../../../src/orders/menu/import/csv-menu.ts';
import { menuFromSquare } from '../../../src/orders/menu/import/square-catalog.ts';
import { menuFromToast } from '../../../src/orders/menu/import/toast-menu.ts';
import { loadMenu } from '../../../src/orders/menu/menu.ts';
import { personaText } from '../../../src/orders/persona/persona-text.ts';
import { SpeakerpostError } from '../../../src/runtime/errors.ts';
import { menuJson } from '../../eval/rows.ts';

/** True when `read` gives something, or fails with `code` and names what is wrong. */
function isClear(code: string, read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch (error) {
    return error instanceof SpeakerpostError && error.code === code && !/\{\w+\}/.test(error.message);
  }
}

type Json = string | number | boolean | null | Json[] | { [key: string]: Json };

/** `json` with one value somewhere inside replaced, removed or doubled. */
function mutated(json: Json, path: readonly number[], value: Json): Json {
  if (typeof json !== 'object' || json === null) return value;
  const keys = Object.keys(json);
  const [first = 0, ...rest] = path;
  const key = keys[first % Math.max(1, keys.length)];
  if (key === undefined) return value;
  const copy = structuredClone(json) as Record<string, Json> & Json[];
  const inner = (json as Record<string, Json>)[key] ?? null;
  if (rest.length > 0) (copy as Record<string, Json>)[key] = mutated(inner, rest, value);
  else if (Array.isArray(json) && value === null) copy.splice(Number(key), 1, inner, inner);
  else (copy as Record<string, Json>)[key] = value;
  return copy;
}

const role = {
  business: 'cafe',
  agent: 'Ann',
  brandVoice: null,
  greeting: null,
  upsell: null,
  facts: [],
  dayparts: {},
};
const anyJson = fc.json({ maxDepth: 3 }).map((text) => JSON.parse(text) as Json);
const path = fc.array(fc.nat(30), { minLength: 1, maxLength: 5 });

test('whatever a menu file holds: it is a menu that everything can use, or refused with the place', async (t) => {
  const names = ['burger_barn', 'coffee_bar', 'jerusalem_shakshuka'];
  let accepted = 0;
  fc.assert(
    fc.property(
      fc.constantFrom(...names),
      path,
      fc.oneof(anyJson, fc.string(), fc.constant('two'), fc.nat()),
      (name, at, value) => {
        const json = mutated(menuJson(name) as Json, at, value as Json);
        return isClear('MENU_INVALID', () => {
          const menu = loadMenu(json, name);
          accepted++;
          lintMenu(menu);
          personaText(menu, role);
          const extractor = createOrderExtractor(menu);
          for (const piece of ['▁two', '▁large', '▁coke.', '▁pull', '▁forward.']) extractor.push({ piece, atMs: 0 });
        });
      },
    ),
    { numRuns: 300 },
  );
  fc.assert(fc.property(anyJson, (json) => isClear('MENU_INVALID', () => loadMenu(json, 'x'))));
  t.ok(accepted > 20, `${accepted} were menus`);
});

test('whatever is imported: a menu, or refused with the place', async (t) => {
  const context = { file: 'in', id: 'in', name: 'In', currency: 'USD', tax: { rate: 0, included: true } };
  const cell = fc.constantFrom('item', 'price', 'Tea', '2', '$3.50', 'x"y', '', 'group', ' ', '-1', 'café');
  const table = fc
    .array(fc.array(cell, { maxLength: 5 }), { maxLength: 6 })
    .map((rows) => rows.map((row) => row.join(',')).join('\n'));
  const readers = [menuFromCsv, menuFromSquare, menuFromToast] as const;
  const square = {
    objects: [
      {
        type: 'ITEM',
        id: 'i',
        item_data: {
          name: 'Tea',
          variations: [{ id: 'v', item_variation_data: { price_money: { amount: 1, currency: 'USD' } } }],
        },
      },
    ],
  };
  const toast = {
    menus: [{ name: 'm', menuGroups: [{ name: 'g', guid: 'g', menuItems: [{ name: 'Tea', guid: 'i', price: 1 }] }] }],
  };
  const text = fc.oneof(
    fc.string(),
    fc.json(),
    table,
    fc
      .tuple(fc.constantFrom<Json>(square, toast), path, anyJson)
      .map(([json, at, value]) => JSON.stringify(mutated(json, at, value))),
  );
  fc.assert(
    fc.property(fc.constantFrom(...readers), text, (read, given) =>
      isClear('MENU_IMPORT_INVALID', () => read(given, context)),
    ),
    { numRuns: 500 },
  );
  t.pass();
});
