import { parse } from 'csv-parse/sync';
import { z } from 'zod';
import { messageOf } from '../../../runtime/errors.ts';
import {
  centsOf,
  type GroupJson,
  IdMaker,
  type ImportContext,
  type ImportedMenu,
  type ItemJson,
  importFault,
  menuOf,
} from './import-menu.ts';

const cell = z.string().trim().default('');
const row = z.object({
  item: cell,
  category: cell,
  size: cell,
  price: cell,
  aliases: cell,
  group: cell,
  option: cell,
  option_price: cell,
  square: cell,
  toast: cell,
});
type Row = z.output<typeof row>;

interface Draft {
  readonly json: ItemJson;
  readonly sizes: NonNullable<ItemJson['sizes']>;
  readonly groups: Set<string>;
}

/**
 * A table with a head. A row with an item and a price is the item, with a size one of its sizes; a row with an item and a group gives the item
 * that group; a row with a group and an option is an option of it.
 * @throws SpeakerpostError MENU_IMPORT_INVALID with the line
 */
export function menuFromCsv(text: string, context: ImportContext): ImportedMenu {
  const { file } = context;
  const items = new Map<string, Draft>();
  const groups = new Map<string, GroupJson>();
  const ids = { item: new IdMaker(), group: new IdMaker() };
  const optionIds = new Map<string, IdMaker>();
  for (const [index, each] of rowsOf(text, file).entries()) {
    const where = `row ${index + 2}`;
    if (each.item === '' && each.option === '')
      throw importFault(file, where, 'it names neither an item nor an option');
    if (each.item !== '') addItem(items, each, ids.item, file, where);
    if (each.group === '') continue;
    const group = groups.get(each.group) ?? { id: ids.group.of(each.group), name: each.group, options: [] };
    groups.set(each.group, group);
    items.get(each.item)?.groups.add(group.id);
    if (each.option === '') continue;
    const maker = optionIds.get(group.id) ?? new IdMaker();
    optionIds.set(group.id, maker);
    if (group.options.some(({ name }) => name === each.option)) continue;
    group.options.push({
      id: maker.of(each.option),
      name: each.option,
      price: each.option_price === '' ? 0 : centsOf(each.option_price, file, where),
      ...posRefOf(each),
    });
  }
  const made = [...items.values()].map(({ json, sizes, groups: has }): ItemJson => {
    if (sizes.length === 0 && json.price === undefined) throw importFault(file, json.name, 'no row gives it a price');
    return { ...json, modifierGroups: [...has], ...(sizes.length === 0 ? {} : { sizes }) };
  });
  return { menu: menuOf(context, made, [...groups.values()]), skipped: [] };
}

function addItem(items: Map<string, Draft>, each: Row, ids: IdMaker, file: string, where: string): void {
  const known = items.get(each.item);
  const draft: Draft = known ?? {
    json: { id: ids.of(each.item), name: each.item, category: each.category || 'menu', aliases: aliasesOf(each) },
    sizes: [],
    groups: new Set(),
  };
  items.set(each.item, draft);
  if (each.price === '') return;
  const price = centsOf(each.price, file, where);
  if (each.size === '') Object.assign(draft.json, { price, ...posRefOf(each) });
  else draft.sizes.push({ name: each.size, price, ...posRefOf(each) });
}

function rowsOf(text: string, file: string): Row[] {
  try {
    const records: unknown = parse(text, {
      columns: (head: string[]) => head.map((name) => name.trim().toLowerCase()),
      bom: true,
      skip_empty_lines: true,
    });
    return z.array(row).min(1).parse(records);
  } catch (error) {
    throw importFault(file, 'the table', error instanceof z.ZodError ? 'it has no rows' : messageOf(error));
  }
}

function aliasesOf({ aliases }: Row): string[] {
  return aliases.split('|').flatMap((alias) => (alias.trim() === '' ? [] : [alias.trim()]));
}

/** `square` is a catalogue id; `toast` is `item/group` of an item, `item/optionGroup` of an option. */
function posRefOf({ square, toast, option }: Row): { posRef?: Record<string, unknown> } {
  const [item, group] = toast.split('/');
  const toastRef = toast === '' ? {} : { toast: { item, [option === '' ? 'group' : 'optionGroup']: group } };
  const posRef = { ...(square === '' ? {} : { square }), ...toastRef };
  return Object.keys(posRef).length === 0 ? {} : { posRef };
}
