import type { Menu, MenuItem, MenuOption } from '../menu/menu.ts';
import { commonWords } from './common-words.ts';
import { cuePhrases, cueWords } from './cues.ts';
import { numberOf, tokensOfPhrase } from './tokens.ts';
import { PhraseTrie } from './trie.ts';

/** Everyday words that alone may stand for an item: two crunchy. */
const textures: ReadonlySet<string> = new Set(['crunchy', 'crispy', 'grilled', 'toasted', 'fried', 'baked']);

/** What a phrase of the menu may mean. */
export interface MenuMeaning {
  item: MenuItem | null;
  /** The options of this name, one of each group that has it. */
  readonly options: MenuOption[];
  isSize: boolean;
  isStore: boolean;
  /** The item's name without its last word: an option of that name comes first. */
  isShort: boolean;
  /** Items that are of this kind ("burgers", "shakes"): the last word of several names or a category. */
  readonly kind: MenuItem[];
}

/** The menu's phrases as tokens, with the plurals that speech uses. */
export class Vocabulary {
  readonly menu: Menu;
  readonly phrases = new PhraseTrie<MenuMeaning>();
  /** Single words of the menu, for the spelling fallback. */
  readonly words = new Set<string>();
  readonly #sizes = new Map<MenuItem, ReadonlyMap<string, string>>();

  constructor(menu: Menu) {
    this.menu = menu;
    // Names first: an alias does not take the place of another item's name.
    for (const item of menu.items) this.#addItem(item, item.name);
    for (const item of menu.items) for (const alias of item.aliases) this.#addItem(item, alias);
    for (const item of menu.items) this.#addComboNumber(item);
    for (const item of menu.items) this.#addSizes(item);
    for (const group of menu.groups) {
      for (const option of group.options) {
        for (const text of [option.name, ...option.aliases]) this.#addOption(option, text);
      }
    }
    this.#addKinds();
    for (const item of menu.items) this.#addShortName(item);
    const store = tokensOfPhrase(menu.name);
    this.#meaning(store).isStore = true;
    // "Slice House." of a Slice House Pizza.
    if (store.length > 2) this.#meaning(store.slice(0, -1)).isStore = true;
  }

  /** The name of `item`'s size that `phrase` means, or null. */
  sizeOf(item: MenuItem, phrase: string): string | null {
    return this.#sizes.get(item)?.get(phrase) ?? null;
  }

  #meaning(phrase: readonly string[]): MenuMeaning {
    for (const word of phrase) if (word.length > 4) this.words.add(word);
    return this.phrases.at(phrase, () => ({
      item: null,
      options: [],
      isSize: false,
      isStore: false,
      isShort: false,
      kind: [],
    }));
  }

  #addItem(item: MenuItem, text: string): void {
    for (const phrase of withPlurals(tokensOfPhrase(text))) {
      if (phrase.length === 1 && numberOf(phrase[0] ?? '') !== null) continue;
      const meaning = this.#meaning(phrase);
      meaning.item ??= item;
      // "a sprite two liter"
      const [count, unit, ...noun] = phrase;
      if (
        count !== undefined &&
        unit !== undefined &&
        numberOf(count) !== null &&
        noun.length > 0 &&
        item.combo === null
      )
        this.#meaning([...noun, count, unit]).item ??= item;
    }
  }

  #addComboNumber(item: MenuItem): void {
    const number = item.combo?.number ?? null;
    if (number === null) return;
    for (const text of [
      `number ${number}`,
      `number ${number} combo`,
      `number ${number} meal`,
      `combo number ${number}`,
    ])
      this.#addItem(item, text);
    this.#addItem(item, `${number} combo`);
    // "two number ones"
    this.#meaning(['number', `${number}s`]).item ??= item;
  }

  #addSizes(item: MenuItem): void {
    if (item.sizes.length === 0) return;
    const names = new Map<string, string>();
    for (const size of item.sizes) {
      for (const text of [size.name, ...size.aliases]) {
        const phrase = tokensOfPhrase(text);
        names.set(phrase.join(' '), size.name);
        // "twelve" as a size is told from a quantity by the item that follows (see MentionParser).
        if (phrase.length === 1 && numberOf(phrase[0] ?? '') !== null) continue;
        this.#meaning(phrase).isSize = true;
      }
    }
    this.#sizes.set(item, names);
  }

  #addOption(option: MenuOption, text: string): void {
    const joined = text.includes('-') ? [tokensOfPhrase(text.replaceAll('-', ''))] : [];
    // "quad shot" of an alias "quad" and a name "quadruple shot".
    const [only, ...others] = tokensOfPhrase(text);
    const last = lastWordOf(option.name);
    const full = only !== undefined && others.length === 0 && only !== last ? [[only, last]] : [];
    for (const phrase of [...withPlurals(tokensOfPhrase(text)), ...joined, ...full]) {
      if (phrase.length === 1 && numberOf(phrase[0] ?? '') !== null) continue;
      const { options } = this.#meaning(phrase);
      if (!options.some(({ groupId }) => groupId === option.groupId)) options.push(option);
    }
  }

  /** "a large pepperoni" for the Pepperoni Pizza, where there are other pizzas too. */
  #addShortName(item: MenuItem): void {
    const name = tokensOfPhrase(item.name);
    const last = name.at(-1) ?? '';
    const siblings = this.menu.items.filter((other) => tokensOfPhrase(other.name).at(-1) === last);
    if (name.length < 2 || siblings.length < 2 || item.combo !== null) return;
    const short = name.slice(0, -1);
    if (
      short.some(
        (word) => (commonWords.has(word) && !textures.has(word)) || cueWords.has(word) || numberOf(word) !== null,
      )
    )
      return;
    const meaning = this.#meaning(short);
    if (meaning.isSize || meaning.item !== null) return;
    meaning.item = item;
    meaning.isShort = true;
  }

  #addKinds(): void {
    const kinds = new Map<string, MenuItem[]>();
    for (const item of this.menu.items) {
      const last = tokensOfPhrase(item.name).at(-1) ?? '';
      for (const word of new Set([singularOf(last), singularOf(tokensOfPhrase(item.category).at(-1) ?? '')])) {
        const items = kinds.get(word);
        if (items === undefined) kinds.set(word, [item]);
        else items.push(item);
      }
    }
    for (const [word, items] of kinds) {
      // A category named "extras" or "combos" must not hide the cue.
      if (commonWords.has(word) || cuePhrases.longest([word], 0) !== null) continue;
      for (const form of [word, pluralOf(word)]) this.#meaning([form]).kind.push(...items);
    }
  }
}

/** A phrase of the menu and the other forms in which it is said. */
export function* withPlurals(phrase: readonly string[]): Iterable<readonly string[]> {
  yield phrase;
  const last = phrase.at(-1);
  if (last === undefined || numberOf(last) !== null) return;
  const head = phrase.slice(0, -1);
  for (const form of new Set([pluralOf(last), singularOf(last)])) if (form !== last) yield [...head, form];
  const of = phrase.indexOf('of');
  const counted = of > 0 ? phrase[of - 1] : undefined;
  if (counted !== undefined) yield [...phrase.slice(0, of - 1), pluralOf(counted), ...phrase.slice(of)];
}

/** The last word of a name, by which the things of its kind are called. */
export function lastWordOf(name: string): string {
  return tokensOfPhrase(name).at(-1) ?? '';
}

export function pluralOf(word: string): string {
  if (/(?:s|x|z|ch|sh)$/.test(word)) return word.endsWith('s') && !word.endsWith('ss') ? word : `${word}es`;
  if (/[^aeiou]y$/.test(word)) return `${word.slice(0, -1)}ies`;
  return `${word}s`;
}

export function singularOf(word: string): string {
  if (word.length <= 3 || word.endsWith('ss')) return word;
  if (/(?:x|z|ch|sh|ss)es$/.test(word)) return word.slice(0, -2);
  if (word.endsWith('ies') && word.length > 4) return `${word.slice(0, -3)}y`;
  return word.endsWith('s') && !/(?:us|is)$/.test(word) ? word.slice(0, -1) : word;
}
