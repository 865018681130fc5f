import { statSync } from 'node:fs';
import type { Clock, Timer } from '../../runtime/clock.ts';
import { describeError, type ErrorRecord, messageOf, SpeakerpostError } from '../../runtime/errors.ts';
import { daypartAt } from './daypart.ts';
import { type Menu, type MenuSource, readMenuSource } from './menu.ts';
import { type MissingEntry, StockList } from './stock-list.ts';

/** How often files, the time of day and the end of a shortage are looked at. */
const LOOK_MS = 1_000;

export interface MenuBookOptions {
  /** Absolute paths. */
  readonly files: readonly string[];
  readonly stockFile: string;
  /** IANA name of the store's time zone. */
  readonly timezone: string;
}

export interface MenuBookDeps {
  readonly clock: Clock;
  /** A changed file cannot be used: the menu before it stays. */
  readonly onFault: (error: ErrorRecord) => void;
}

/** What is out of stock: an item, or an option by its group. */
export interface StockTarget {
  readonly kind: 'item' | 'option';
  /** An item's id, or `groupId/optionId`. */
  readonly id: string;
}

interface Page {
  readonly file: string;
  source: MenuSource;
  /** Of the file as it was read; changes with every save. */
  stamp: string;
  menu: Menu;
  /** What `menu` was made for. */
  basis: string;
}

/**
 * The store's menus as they are now: the files, read again when they change; what the store is out of; the part of the day. The same
 * `Menu` object as long as nothing changes, so that whoever compiles something from it does so once.
 */
export class MenuBook {
  readonly #options: MenuBookOptions;
  readonly #deps: MenuBookDeps;
  readonly #stock: StockList;
  readonly #pages: readonly Page[];
  readonly #listeners: ((menu: Menu) => void)[] = [];
  #timer: Timer | null = null;

  /** @throws SpeakerpostError MENU_UNREADABLE, MENU_INVALID, MENU_ID_TWICE, STOCK_UNUSABLE */
  constructor(options: MenuBookOptions, deps: MenuBookDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#stock = new StockList(options.stockFile);
    this.#pages = [...new Set(options.files)].map((file) => {
      const stamp = stampOf(file);
      const source = readMenuSource(file);
      return { file, source, stamp, ...this.#make(source) };
    });
    this.#refuseSharedIds();
  }

  /** Looks at files and time until `stop`. */
  start(): void {
    this.#timer = this.#deps.clock.after(LOOK_MS, () => {
      this.look();
      this.start();
    });
  }

  stop(): void {
    this.#timer?.cancel();
  }

  onChange(listener: (menu: Menu) => void): void {
    this.#listeners.push(listener);
  }

  get menus(): readonly Menu[] {
    return this.#pages.map(({ menu }) => menu);
  }

  /** The menu of a file that was named at the start. */
  of(file: string): Menu {
    const page = this.#pages.find((each) => each.file === file);
    if (page === undefined) throw new Error(`no menu was read from ${file}`);
    return page.menu;
  }

  byId(menuId: string): Menu | null {
    return this.menus.find(({ id }) => id === menuId) ?? null;
  }

  missing(menuId: string): readonly MissingEntry[] {
    return this.#stock.missingAt(menuId, this.#deps.clock.wallMs());
  }

  /**
   * Takes an item or option off the menu, or back on; the next car is served by it.
   * @throws SpeakerpostError MENU_UNKNOWN, MENU_ENTRY_UNKNOWN, STOCK_UNUSABLE
   */
  setStock(menuId: string, target: StockTarget, isOut: boolean, untilWallMs: number | null): void {
    const menu = this.byId(menuId);
    if (menu === null)
      throw new SpeakerpostError('MENU_UNKNOWN', { menuId, known: this.menus.map(({ id }) => id).join(', ') });
    if (!has(menu, target))
      throw new SpeakerpostError('MENU_ENTRY_UNKNOWN', { menuId, kind: target.kind, id: target.id });
    const nowWallMs = this.#deps.clock.wallMs();
    if (isOut) this.#stock.mark({ menuId, ...target, sinceWallMs: nowWallMs, untilWallMs });
    else this.#stock.unmark({ menuId, ...target }, nowWallMs);
    this.look();
  }

  /** One look at files and time; whoever listens is told of the menus that changed. */
  look(): void {
    for (const page of this.#pages) {
      this.#readAgain(page);
      const made = this.#make(page.source, page.basis);
      if (made === null) continue;
      Object.assign(page, made);
      for (const listener of this.#listeners) listener(page.menu);
    }
  }

  #readAgain(page: Page): void {
    const stamp = stampOf(page.file);
    if (stamp === page.stamp) return;
    page.stamp = stamp;
    try {
      const source = readMenuSource(page.file);
      if (this.#pages.some((other) => other !== page && other.source.id === source.id))
        throw new SpeakerpostError('MENU_ID_TWICE', { menuId: source.id, file: page.file });
      page.source = source;
      page.basis = '';
    } catch (error) {
      const { file } = page;
      const reason = messageOf(error);
      this.#deps.onFault(describeError(new SpeakerpostError('MENU_NOT_RELOADED', { file, reason }, error)));
    }
  }

  /** The menu for now; null where it would be the one of `basis`. */
  #make(source: MenuSource): { readonly menu: Menu; readonly basis: string };
  #make(source: MenuSource, basis: string): { readonly menu: Menu; readonly basis: string } | null;
  #make(source: MenuSource, before = '') {
    const nowWallMs = this.#deps.clock.wallMs();
    const daypart = daypartAt(source.dayparts, nowWallMs, this.#options.timezone);
    const missing = this.#stock.missingAt(source.id, nowWallMs);
    const ids = (kind: StockTarget['kind']) => missing.filter((each) => each.kind === kind).map(({ id }) => id);
    const [items, options] = [ids('item'), ids('option')];
    const basis = JSON.stringify([daypart?.id, items.toSorted(), options.toSorted()]);
    if (basis === before) return null;
    return { menu: source.at({ items: new Set(items), options: new Set(options), daypart }), basis };
  }

  #refuseSharedIds(): void {
    for (const [index, { source, file }] of this.#pages.entries())
      if (this.#pages.findIndex((other) => other.source.id === source.id) < index)
        throw new SpeakerpostError('MENU_ID_TWICE', { menuId: source.id, file });
  }
}

function has(menu: Menu, { kind, id }: StockTarget): boolean {
  if (kind === 'item') return menu.items.some((item) => item.id === id);
  return menu.groups.some((group) => group.options.some((option) => `${group.id}/${option.optionId}` === id));
}

/** A missing file has a stamp too: it is read, and fails, once. */
function stampOf(file: string): string {
  const found = statSync(file, { throwIfNoEntry: false });
  return found === undefined ? 'missing' : `${found.mtimeMs} ${found.size} ${found.ino}`;
}
