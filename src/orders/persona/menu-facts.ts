import type { Menu, MenuGroup, MenuItem, MenuOption } from '../menu/menu.ts';

/** The menu as sentences for a role text: what there is with its prices, what may be changed, what must be asked, what is out. */
export function menuFacts(menu: Menu): string[] {
  const served = menu.items.filter(({ isServedNow }) => isServedNow);
  const there = served.filter(({ isOutOfStock }) => !isOutOfStock);
  const out = [
    ...served.filter(({ isOutOfStock }) => isOutOfStock).map(({ name }) => name),
    ...menu.groups.flatMap(({ options }) => options.filter(({ isOutOfStock }) => isOutOfStock).map(({ name }) => name)),
  ];
  const later = menu.items.filter(({ isServedNow }) => !isServedNow).map(({ name }) => name);
  const known = new Set(there.flatMap(({ groups }) => groups));
  return [
    ...categoriesOf(there),
    ...menu.groups.filter((group) => known.has(group)).flatMap((group) => choices(group, there)),
    ...there.flatMap(comboFacts),
    ...sentence('Out of stock today, do not sell', [...new Set(out)]),
    ...sentence('Not served at this time', later),
  ];
}

function categoriesOf(items: readonly MenuItem[]): string[] {
  const byCategory = new Map<string, MenuItem[]>();
  for (const item of items) byCategory.set(item.category, [...(byCategory.get(item.category) ?? []), item]);
  return [...byCategory].map(([category, members]) => {
    // "Sizes small $2, medium $3, large $4" once, where all of the category cost the same.
    const [first] = members;
    const prices = first === undefined ? '' : pricesOf(first);
    const isOne = members.length > 1 && members.every((item) => pricesOf(item) === prices);
    const names = isOne
      ? `${listOf(members.map(({ name }) => name))}, each ${prices}`
      : listOf(members.map((item) => `${item.name} ${pricesOf(item)}`));
    return `${capital(category)}: ${names}.`;
  });
}

function pricesOf(item: MenuItem): string {
  if (item.sizes.length === 0) return dollars(item.priceCents);
  return item.sizes.map(({ name, priceCents }) => `${name} ${dollars(priceCents)}`).join(' ');
}

function choices(group: MenuGroup, items: readonly MenuItem[]): string[] {
  const options = group.options.filter(({ isOutOfStock }) => !isOutOfStock);
  if (options.length === 0) return [];
  const on = listOf(items.filter(({ groups }) => groups.includes(group)).map(({ name }) => name));
  const named = listOf(options.map(optionText));
  const head = group.min > 0 ? `Always ask for ${group.name.toLowerCase()} of ${on}` : `Choices for ${on}`;
  const limit = group.max === null ? '' : `, at most ${group.max}`;
  return [`${head}: ${named}${limit}.`];
}

function optionText({ name, priceCents }: MenuOption): string {
  return priceCents === 0 ? name : `${name} ${dollars(priceCents)} more`;
}

function comboFacts({ name, combo }: MenuItem): string[] {
  if (combo === null) return [];
  return combo.slots
    .filter(({ isRequired }) => isRequired)
    .map(({ id, options }) => {
      const there = options.filter(({ isOutOfStock }) => !isOutOfStock).map((option) => option.name);
      return `${name} comes with a ${id}, ask which: ${listOf(there)}.`;
    });
}

function sentence(head: string, names: readonly string[]): string[] {
  return names.length === 0 ? [] : [`${head}: ${listOf(names)}.`];
}

/** "a, b and c". */
export function listOf(names: readonly string[]): string {
  const last = names.at(-1) ?? '';
  return names.length < 2 ? last : `${names.slice(0, -1).join(', ')} and ${last}`;
}

/** `$9.50`, `$3`: as the published role texts write prices. */
function dollars(cents: number): string {
  return cents % 100 === 0 ? `$${cents / 100}` : `$${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`;
}

function capital(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
