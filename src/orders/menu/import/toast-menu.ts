import { z } from 'zod';
import {
  centsOf,
  type GroupJson,
  IdMaker,
  type ImportContext,
  type ImportedMenu,
  type ItemJson,
  menuOf,
  parseImport,
} from './import-menu.ts';

const price = z.number().nonnegative().nullish();
const reference = z.union([z.number(), z.string()]).transform(String);

const menuItem = z.object({
  name: z.string(),
  guid: z.string(),
  price,
  modifierGroupReferences: z.array(reference).default([]),
});
type ToastItem = z.output<typeof menuItem>;

interface ToastGroup {
  readonly name: string;
  readonly guid: string;
  readonly menuItems: readonly ToastItem[];
  readonly menuGroups: readonly ToastGroup[];
}
const menuGroup: z.ZodType<ToastGroup> = z.lazy(() =>
  z.object({
    name: z.string(),
    guid: z.string(),
    menuItems: z.array(menuItem).default([]),
    menuGroups: z.array(menuGroup).default([]),
  }),
);

const modifierGroup = z.object({
  name: z.string(),
  guid: z.string(),
  minSelections: z.int().nullish(),
  maxSelections: z.int().nullish(),
  modifierOptionReferences: z.array(reference).default([]),
});
const modifierOption = z.object({ name: z.string(), guid: z.string(), price });

const document = z.object({
  menus: z.array(z.object({ name: z.string(), menuGroups: z.array(menuGroup).default([]) })).min(1),
  modifierGroupReferences: z.record(z.string(), modifierGroup).default({}),
  modifierOptionReferences: z.record(z.string(), modifierOption).default({}),
});

/**
 * Toast's menus API v2: menus of groups of items; modifier groups and options by reference. Prices are decimals and become cents by their
 * digits. An item that stands in several groups is taken from the first.
 * @throws SpeakerpostError MENU_IMPORT_INVALID
 */
export function menuFromToast(text: string, context: ImportContext): ImportedMenu {
  const { menus, modifierGroupReferences, modifierOptionReferences } = parseImport(text, document, context.file);
  const skipped: string[] = [];
  const groupIds = new IdMaker();
  const groups = new Map<string, GroupJson>();
  for (const [key, group] of Object.entries(modifierGroupReferences)) {
    const optionIds = new IdMaker();
    const options = group.modifierOptionReferences.flatMap((each) => {
      const option = modifierOptionReferences[each];
      if (option === undefined) {
        skipped.push(`${group.name}: there is no option ${each}`);
        return [];
      }
      const { name, guid } = option;
      const posRef = { toast: { item: guid, optionGroup: group.guid } };
      return [{ id: optionIds.of(name), name, price: centsOf(option.price ?? 0, context.file, name), posRef }];
    });
    const max = group.maxSelections ?? 0;
    groups.set(key, {
      id: groupIds.of(group.name),
      name: group.name,
      min: group.minSelections ?? 0,
      max: max > 0 ? max : null,
      options,
    });
  }
  const itemIds = new IdMaker();
  const seen = new Set<string>();
  const items: ItemJson[] = [];
  for (const { group, item } of menus.flatMap(({ menuGroups }) => menuGroups.flatMap(itemsOf))) {
    if (seen.has(item.guid)) continue;
    seen.add(item.guid);
    if (item.price == null) {
      skipped.push(`${item.name}: it has no price of its own`);
      continue;
    }
    items.push({
      id: itemIds.of(item.name),
      name: item.name,
      category: group.name,
      price: centsOf(item.price, context.file, item.name),
      modifierGroups: item.modifierGroupReferences.flatMap((key) => groups.get(key)?.id ?? []),
      posRef: { toast: { item: item.guid, group: group.guid } },
    });
  }
  return { menu: menuOf(context, items, [...groups.values()]), skipped };
}

function itemsOf(group: ToastGroup): { readonly group: ToastGroup; readonly item: ToastItem }[] {
  return [...group.menuItems.map((item) => ({ group, item })), ...group.menuGroups.flatMap(itemsOf)];
}
