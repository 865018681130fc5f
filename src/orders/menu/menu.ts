import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { messageOf, SpeakerpostError } from '../../runtime/errors.ts';
import { type Daypart, type MenuFile, menuSchema } from './schema.ts';

export interface MenuOption {
  readonly groupId: string;
  readonly optionId: string;
  readonly name: string;
  readonly aliases: readonly string[];
  readonly priceCents: number;
  readonly isOutOfStock: boolean;
  readonly posRef?: Readonly<Record<string, unknown>>;
}

export interface MenuGroup {
  readonly id: string;
  readonly name: string;
  readonly min: number;
  readonly max: number | null;
  readonly options: readonly MenuOption[];
}

export interface MenuSize {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly priceCents: number;
  readonly posRef: Readonly<Record<string, unknown>> | null;
}

export interface ComboSlot {
  readonly id: string;
  readonly isRequired: boolean;
  readonly defaultItem: MenuItem | null;
  readonly options: readonly MenuItem[];
}

export interface MenuItem {
  readonly id: string;
  readonly name: string;
  readonly aliases: readonly string[];
  readonly category: string;
  readonly priceCents: number;
  readonly sizes: readonly MenuSize[];
  readonly defaultSize: MenuSize | null;
  readonly groups: readonly MenuGroup[];
  readonly combo: {
    readonly number: number | null;
    readonly entree: MenuItem;
    readonly slots: readonly ComboSlot[];
  } | null;
  /** It cannot be had now: marked so in the file or by the store, or not served in this part of the day. */
  readonly isOutOfStock: boolean;
  /** False in another part of the day than its own. */
  readonly isServedNow: boolean;
  readonly posRef: Readonly<Record<string, unknown>> | null;
}

/** What cannot be had just now, beside what the file itself says. */
export interface Availability {
  /** Item ids. */
  readonly items: ReadonlySet<string>;
  /** `groupId/optionId`. */
  readonly options: ReadonlySet<string>;
  /** The part of the day that it is; null: none of the menu's; `any`: the time is not looked at. */
  readonly daypart: Daypart | null | 'any';
}

const everything: Availability = { items: new Set(), options: new Set(), daypart: 'any' };

/** A store's menu, with every reference resolved. */
export interface Menu {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  /** Of the file's JSON, hexadecimal. */
  readonly sha256: string;
  readonly currency: string;
  readonly tax: { readonly rate: number; readonly included: boolean };
  /** The part of the day that the menu is for; null: the whole day. */
  readonly daypart: Daypart | null;
  readonly items: readonly MenuItem[];
  readonly groups: readonly MenuGroup[];
}

/** Reads and resolves a menu file; every item is served. Throws MENU_UNREADABLE, MENU_INVALID. */
export function readMenu(file: string): Menu {
  return readMenuSource(file).at(everything);
}

/** Resolves a menu from its JSON; `file` names it in errors. Throws MENU_INVALID with the path and value of the fault. */
export function loadMenu(json: unknown, file: string): Menu {
  return loadMenuSource(json, file).at(everything);
}

/** A menu file that was read and found whole, of which menus are made as the day goes on. */
export interface MenuSource {
  readonly id: string;
  readonly dayparts: readonly Daypart[];
  at(availability: Availability): Menu;
}

/** Throws MENU_UNREADABLE, MENU_INVALID. */
export function readMenuSource(file: string): MenuSource {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new SpeakerpostError('MENU_UNREADABLE', {
      file,
      reason: messageOf(error),
    });
  }
  return loadMenuSource(json, file);
}

function loadMenuSource(json: unknown, file: string): MenuSource {
  const parsed = menuSchema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const keys = issue?.code === 'unrecognized_keys' ? [...issue.path, ...issue.keys.slice(0, 1)] : (issue?.path ?? []);
    throw invalid(file, keys, valueAt(json, keys), issue?.message ?? 'it is not a menu');
  }
  const sha256 = createHash('sha256').update(JSON.stringify(json)).digest('hex');
  const resolver = new MenuResolver(parsed.data, file);
  resolver.resolve(sha256, everything);
  const { id, dayparts } = parsed.data;
  return { id, dayparts, at: (availability) => resolver.resolve(sha256, availability) };
}

class MenuResolver {
  readonly #data: MenuFile;
  readonly #file: string;

  constructor(data: MenuFile, file: string) {
    this.#data = data;
    this.#file = file;
  }

  resolve(sha256: string, availability: Availability): Menu {
    const { id, name, version, currency, tax, dayparts } = this.#data;
    this.#refuseDuplicates('items', this.#data.items);
    this.#refuseDuplicates('modifierGroups', this.#data.modifierGroups);
    this.#refuseDuplicates('dayparts', dayparts);
    for (const [index, group] of this.#data.modifierGroups.entries())
      this.#refuseDuplicates(`modifierGroups.${index}.options`, group.options);
    const groups = this.#data.modifierGroups.map(
      (group): MenuGroup => ({
        id: group.id,
        name: group.name,
        min: group.min,
        max: group.max,
        options: group.options.map((option) => ({
          groupId: group.id,
          optionId: option.id,
          name: option.name,
          aliases: option.aliases,
          priceCents: option.price,
          isOutOfStock: option.outOfStock || availability.options.has(`${group.id}/${option.id}`),
          ...(option.posRef === undefined ? {} : { posRef: option.posRef }),
        })),
      }),
    );
    const groupById = new Map(groups.map((group) => [group.id, group]));
    const plain = this.#data.items.map((_, index) => this.#plainItem(index, groupById, availability));
    const byName = new Map(plain.map((item) => [item.name, item]));
    const byId = new Map(plain.map((item) => [item.id, item]));
    const items = plain.map((item, index) => ({ ...item, combo: this.#combo(index, byId, byName) }));
    const daypart = availability.daypart === 'any' ? null : availability.daypart;
    return { id, name, version: version ?? sha256.slice(0, 12), sha256, currency, tax, daypart, items, groups };
  }

  #plainItem(
    index: number,
    groupById: ReadonlyMap<string, MenuGroup>,
    { items: gone, daypart }: Availability,
  ): MenuItem {
    const item = this.#at('items', index, this.#data.items);
    const path = ['items', index];
    for (const [at, id] of item.dayparts.entries())
      if (!this.#data.dayparts.some((each) => each.id === id))
        throw this.#fault([...path, 'dayparts', at], id, 'there is no such daypart');
    const isServedNow = item.dayparts.length === 0 || daypart === 'any' || item.dayparts.includes(daypart?.id ?? '');
    const sizes = (item.sizes ?? []).map(
      (size): MenuSize => ({
        name: size.name,
        aliases: size.aliases,
        priceCents: size.price,
        posRef: size.posRef ?? null,
      }),
    );
    if (sizes.length === 0 && item.price === undefined)
      throw this.#fault([...path, 'price'], undefined, 'an item without sizes needs a price');
    const defaultSize = item.defaultSize === undefined ? sizes[0] : sizes.find(({ name }) => name === item.defaultSize);
    if (item.defaultSize !== undefined && defaultSize === undefined)
      throw this.#fault([...path, 'defaultSize'], item.defaultSize, 'the item has no such size');
    return {
      id: item.id,
      name: item.name,
      aliases: item.aliases,
      category: item.category,
      priceCents: item.price ?? defaultSize?.priceCents ?? 0,
      sizes,
      defaultSize: defaultSize ?? null,
      groups: item.modifierGroups.map((id, at) => {
        const group = groupById.get(id);
        if (group === undefined)
          throw this.#fault([...path, 'modifierGroups', at], id, 'there is no such modifier group');
        return group;
      }),
      combo: null,
      isOutOfStock: item.outOfStock || gone.has(item.id) || !isServedNow,
      isServedNow,
      posRef: item.posRef ?? null,
    };
  }

  #combo(index: number, byId: ReadonlyMap<string, MenuItem>, byName: ReadonlyMap<string, MenuItem>): MenuItem['combo'] {
    const combo = this.#at('items', index, this.#data.items).combo;
    if (combo === undefined) return null;
    const path = ['items', index, 'combo'];
    const entree = byId.get(combo.entree);
    if (entree === undefined) throw this.#fault([...path, 'entree'], combo.entree, 'there is no item of this id');
    const named = (name: string, at: readonly PropertyKey[]) => {
      const item = byName.get(name);
      if (item === undefined) throw this.#fault(at, name, 'there is no item of this name');
      return item;
    };
    const slots = combo.slots.map(
      (slot, at): ComboSlot => ({
        id: slot.id,
        isRequired: slot.required,
        defaultItem: slot.default === undefined ? null : named(slot.default, [...path, 'slots', at, 'default']),
        options: slot.options.map((name, each) => named(name, [...path, 'slots', at, 'options', each])),
      }),
    );
    return { number: combo.number ?? null, entree, slots };
  }

  #refuseDuplicates(list: string, entries: readonly { readonly id: string }[]): void {
    const seen = new Set<string>();
    for (const [index, { id }] of entries.entries()) {
      if (seen.has(id)) throw this.#fault([list, index, 'id'], id, 'the id is used twice');
      seen.add(id);
    }
  }

  #at<Entry>(list: string, index: number, entries: readonly Entry[]): Entry {
    const entry = entries[index];
    if (entry === undefined) throw this.#fault([list, index], undefined, 'it is missing');
    return entry;
  }

  #fault(path: readonly PropertyKey[], value: unknown, reason: string): SpeakerpostError {
    return invalid(this.#file, path, value, reason);
  }
}

function invalid(file: string, path: readonly PropertyKey[], value: unknown, reason: string): SpeakerpostError {
  const shown = value === undefined ? 'missing' : (JSON.stringify(value) ?? String(value));
  return new SpeakerpostError('MENU_INVALID', {
    file,
    path: path.length === 0 ? '(top)' : path.map(String).join('.'),
    value: shown.length <= 60 ? shown : `${shown.slice(0, 57)}...`,
    reason,
  });
}

function valueAt(json: unknown, keys: readonly PropertyKey[]): unknown {
  return keys.reduce<unknown>(
    (value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined),
    json,
  );
}
