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
    ...comboFacts(there),
    ...sentence('Out of stock today, do not sell', [...new Set(out)]),
    ...sentence('Not served at this time', later),
  ];
}

function categoriesOf(items: readonly MenuItem[]): string[] {
  return [...groupedBy(items, ({ category }) => category)].map(
    ([category, members]) => `${capital(category)}: ${pricedList(members, pricesOf)}.`,
  );
}

/** "Coke and Sprite each small $2 large $3, Water $1": what costs the same is said once. */
function pricedList<Thing extends { readonly name: string }>(
  things: readonly Thing[],
  price: (thing: Thing) => string,
): string {
  const groups = [...groupedBy(things, price)];
  const parts = groups.flatMap(([cost, members]) => {
    if (cost === '' && groups.length === 1) return members.map(({ name }) => name);
    if (cost === '') return [`${listOf(members.map(({ name }) => name))} at no charge`];
    const names = listOf(members.map(({ name }) => name));
    return [members.length === 1 ? `${names} ${cost}` : `${names} each ${cost}`];
  });
  return parts.some((part) => part.includes(' and ')) ? parts.join(', ') : listOf(parts);
}

function groupedBy<Thing>(things: readonly Thing[], keyOf: (thing: Thing) => string): Map<string, Thing[]> {
  const groups = new Map<string, Thing[]>();
  for (const thing of things) groups.set(keyOf(thing), [...(groups.get(keyOf(thing)) ?? []), thing]);
  return groups;
}

function pricesOf(item: MenuItem): string {
  if (item.sizes.length === 0) return dollars(item.priceCents);
  return item.sizes.map(({ name, priceCents }) => `${name} ${dollars(priceCents)}`).join(' ');
}

function choices(group: MenuGroup, items: readonly MenuItem[]): string[] {
  const options = group.options.filter(({ isOutOfStock }) => !isOutOfStock);
  if (options.length === 0) return [];
  const on = listOf(whatHas(group, items));
  const named = pricedList(options, priceOfOption);
  const head = group.min > 0 ? `Always ask for ${group.name.toLowerCase()} of ${on}` : `Choices for ${on}`;
  const limit = group.max === null ? '' : `, at most ${group.max}`;
  return [`${head}: ${named}${limit}.`];
}

/** A category where all of it has the group, else the items. Combos have what their parts have. */
function whatHas(group: MenuGroup, items: readonly MenuItem[]): string[] {
  const single = items.filter(({ combo }) => combo === null);
  const counted = single.some(({ groups }) => groups.includes(group)) ? single : items;
  return [...groupedBy(counted, ({ category }) => category)].flatMap(([category, members]) => {
    const having = members.filter(({ groups }) => groups.includes(group));
    if (having.length > 1 && having.length === members.length) return [`all ${category}`];
    return having.map(({ name }) => name);
  });
}

function priceOfOption({ priceCents }: MenuOption): string {
  return priceCents === 0 ? '' : `${dollars(priceCents)} more`;
}

/** "With Burger Combo and Kids Meal ask which side: Fries and Salad." */
function comboFacts(items: readonly MenuItem[]): string[] {
  const asked = items.flatMap(({ name, combo }) =>
    (combo?.slots ?? [])
      .filter(({ isRequired }) => isRequired)
      .map(({ id, options }) => {
        const there = options.filter(({ isOutOfStock }) => !isOutOfStock).map((option) => option.name);
        return { name, question: `ask which ${id}: ${listOf(there)}` };
      }),
  );
  return [...groupedBy(asked, ({ question }) => question)].map(
    ([question, combos]) => `With ${listOf(combos.map(({ name }) => name))} ${question}.`,
  );
}

function sentence(head: string, names: readonly string[]): string[] {
  return names.length === 0 ? [] : [`${head}: ${listOf(names)}.`];
}

/** "a, b and c". */
function listOf(names: readonly string[]): string {
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
