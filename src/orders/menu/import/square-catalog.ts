import { z } from 'zod';
import {
  type GroupJson,
  IdMaker,
  type ImportContext,
  type ImportedMenu,
  type ItemJson,
  importFault,
  menuOf,
  parseImport,
} from './import-menu.ts';

const money = z.object({ amount: z.int().nonnegative(), currency: z.string() });

const variation = z.object({
  id: z.string(),
  is_deleted: z.boolean().optional(),
  item_variation_data: z.object({ name: z.string().optional(), price_money: money.optional() }),
});
const item = z.object({
  type: z.literal('ITEM'),
  id: z.string(),
  is_deleted: z.boolean().optional(),
  item_data: z.object({
    name: z.string(),
    is_archived: z.boolean().optional(),
    category_id: z.string().optional(),
    categories: z.array(z.object({ id: z.string() })).optional(),
    reporting_category: z.object({ id: z.string() }).optional(),
    modifier_list_info: z
      .array(
        z.object({
          modifier_list_id: z.string(),
          min_selected_modifiers: z.int().optional(),
          max_selected_modifiers: z.int().optional(),
          enabled: z.boolean().optional(),
        }),
      )
      .optional(),
    variations: z.array(variation).default([]),
  }),
});
const category = z.object({
  type: z.literal('CATEGORY'),
  id: z.string(),
  category_data: z.object({ name: z.string() }),
});
const modifierList = z.object({
  type: z.literal('MODIFIER_LIST'),
  id: z.string(),
  is_deleted: z.boolean().optional(),
  modifier_list_data: z.object({
    name: z.string(),
    selection_type: z.string().optional(),
    modifiers: z
      .array(z.object({ id: z.string(), modifier_data: z.object({ name: z.string(), price_money: money.optional() }) }))
      .default([]),
  }),
});
const other = z.object({ type: z.string(), id: z.string() });
const catalog = z.object({ objects: z.array(z.union([item, category, modifierList, other])).min(1) });

type SquareItem = z.output<typeof item>;
type ModifierList = z.output<typeof modifierList>;

const isItem = (each: z.output<typeof other>): each is SquareItem => 'item_data' in each;
const isList = (each: z.output<typeof other>): each is ModifierList => 'modifier_list_data' in each;
const isCategory = (each: z.output<typeof other>): each is z.output<typeof category> => 'category_data' in each;

/**
 * Square's catalogue (CatalogObject, types ITEM, CATEGORY, MODIFIER_LIST). A variation is a size; the only one of an item is the item.
 * @throws SpeakerpostError MENU_IMPORT_INVALID
 */
export function menuFromSquare(text: string, context: ImportContext): ImportedMenu {
  const { objects } = parseImport(text, catalog, context.file);
  const categories = new Map(objects.filter(isCategory).map(({ id, category_data }) => [id, category_data.name]));
  const skipped: string[] = [];
  // What an item takes of a list may differ from item to item: the first rule counts.
  const rules = new Map(
    objects
      .filter(isItem)
      .flatMap(({ item_data }) => (item_data.modifier_list_info ?? []).map((info) => [info.modifier_list_id, info])),
  );
  const groupIds = new IdMaker();
  const groups = new Map(
    objects
      .filter(isList)
      .filter(({ is_deleted }) => is_deleted !== true)
      .map((list) => [list.id, groupOf(list, groupIds.of(list.modifier_list_data.name), rules.get(list.id))]),
  );
  const itemIds = new IdMaker();
  const items = objects.filter(isItem).flatMap((each) => {
    const { name, is_archived, category_id, categories: own, reporting_category, modifier_list_info } = each.item_data;
    if (each.is_deleted === true || is_archived === true) return [];
    const priced = each.item_data.variations.filter(
      ({ is_deleted, item_variation_data }) => is_deleted !== true && item_variation_data.price_money !== undefined,
    );
    for (const { item_variation_data } of priced)
      if (item_variation_data.price_money?.currency !== context.currency)
        throw importFault(context.file, name, `its price is in ${item_variation_data.price_money?.currency}`);
    if (priced.length === 0) {
      skipped.push(`${name}: no variation has a price`);
      return [];
    }
    const inCategory = own?.[0]?.id ?? reporting_category?.id ?? category_id ?? '';
    const made: ItemJson = {
      id: itemIds.of(name),
      name,
      category: categories.get(inCategory) ?? 'menu',
      modifierGroups: (modifier_list_info ?? []).flatMap(({ modifier_list_id, enabled }) => {
        const group = groups.get(modifier_list_id);
        return group === undefined || enabled === false ? [] : [group.id];
      }),
      ...pricesOf(priced),
    };
    return [made];
  });
  return { menu: menuOf(context, items, [...groups.values()]), skipped };
}

function pricesOf(variations: readonly z.output<typeof variation>[]): Pick<ItemJson, 'price' | 'sizes' | 'posRef'> {
  const [only] = variations;
  const price = (each: z.output<typeof variation>) => each.item_variation_data.price_money?.amount ?? 0;
  if (variations.length === 1 && only !== undefined) return { price: price(only), posRef: { square: only.id } };
  return {
    sizes: variations.map((each, index) => ({
      name: each.item_variation_data.name ?? `size ${index + 1}`,
      price: price(each),
      posRef: { square: each.id },
    })),
  };
}

function groupOf(
  { modifier_list_data: { name, selection_type, modifiers } }: ModifierList,
  id: string,
  rule: { min_selected_modifiers?: number | undefined; max_selected_modifiers?: number | undefined } | undefined,
): GroupJson {
  const ids = new IdMaker();
  const most = rule?.max_selected_modifiers ?? -1;
  return {
    id,
    name,
    min: Math.max(0, rule?.min_selected_modifiers ?? 0),
    max: most > 0 ? most : selection_type === 'SINGLE' ? 1 : null,
    options: modifiers.map((modifier) => ({
      id: ids.of(modifier.modifier_data.name),
      name: modifier.modifier_data.name,
      price: modifier.modifier_data.price_money?.amount ?? 0,
      posRef: { square: modifier.id },
    })),
  };
}
