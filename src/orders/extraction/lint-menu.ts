import type { Menu } from '../menu/menu.ts';
import { tokensOfPhrase } from './tokens.ts';
import { withPlurals } from './vocabulary.ts';

export interface MenuFinding {
  /** `ambiguous`: the words name several things, the first one gets them. `in_store_name`: the store's name has a product's words in it. */
  readonly kind: 'ambiguous' | 'in_store_name';
  /** The words as they are heard: lower case, numbers as digits. */
  readonly phrase: string;
  /** The names of the items or options that these words may mean, in the menu's order. */
  readonly names: readonly string[];
}

/** What a menu's words leave open when they are heard. Nothing of it stops the menu from being used. */
export function lintMenu(menu: Menu): readonly MenuFinding[] {
  const items = namesByPhrase(menu.items);
  const findings = [items, ...menu.groups.map(({ options }) => namesByPhrase(options))].flatMap(ambiguous);
  const store = tokensOfPhrase(menu.name);
  const spoken = store.flatMap((_, from) => store.slice(from).map((_, length) => store.slice(from, from + length + 1)));
  for (const words of spoken) {
    const phrase = words.join(' ');
    const names = items.get(phrase);
    if (names !== undefined) findings.push({ kind: 'in_store_name', phrase, names: [...names] });
  }
  return findings;
}

/** A finding as a line for an operator. */
export function describeFinding({ kind, phrase, names }: MenuFinding): string {
  return kind === 'ambiguous'
    ? `"${phrase}" may mean ${names.join(' or ')}`
    : `"${phrase}" (${names.join(', ')}) is in the store's name`;
}

interface Named {
  readonly name: string;
  readonly aliases: readonly string[];
}

function namesByPhrase(things: readonly Named[]): Map<string, Set<string>> {
  const found = new Map<string, Set<string>>();
  for (const { name, aliases } of things) {
    for (const text of [name, ...aliases]) {
      for (const words of withPlurals(tokensOfPhrase(text))) {
        const phrase = words.join(' ');
        const names = found.get(phrase) ?? new Set();
        found.set(phrase, names.add(name));
      }
    }
  }
  return found;
}

function ambiguous(phrases: ReadonlyMap<string, ReadonlySet<string>>): MenuFinding[] {
  return [...phrases]
    .filter(([, names]) => names.size > 1)
    .map(([phrase, names]) => ({ kind: 'ambiguous', phrase, names: [...names] }));
}
