import { doubleMetaphone } from 'double-metaphone';
import { distance } from 'fastest-levenshtein';
import { commonWords } from './common-words.ts';

const CACHE_WORDS = 2_048;

/** Finds the word of a menu that a misheard or misspelled word stands for. Words of everyday English are left alone. */
export class Spelling {
  readonly #words: readonly { readonly word: string; readonly sound: string }[];
  readonly #cache = new Map<string, string | null>();

  constructor(words: Iterable<string>) {
    this.#words = [...words]
      .filter((word) => word.length > 4)
      .map((word) => ({ word, sound: doubleMetaphone(word)[0] }));
  }

  /** The menu's word, or null. */
  correct(word: string): string | null {
    if (word.length <= 4 || word.length > 24 || commonWords.has(word)) return null;
    const known = this.#cache.get(word);
    if (known !== undefined) return known;
    const found = this.#search(word);
    if (this.#cache.size >= CACHE_WORDS) this.#cache.clear();
    this.#cache.set(word, found);
    return found;
  }

  #search(word: string): string | null {
    const sound = doubleMetaphone(word)[0];
    let best: string | null = null;
    let bestCost = Number.POSITIVE_INFINITY;
    for (const candidate of this.#words) {
      const shorter = Math.min(word.length, candidate.word.length);
      const edits = distance(word, candidate.word);
      const sameSound = sound !== '' && sound === candidate.sound;
      const allowed = (shorter >= 7 ? 2 : 1) + (sameSound && shorter >= 6 ? 1 : 0);
      if (edits > allowed || (word[0] !== candidate.word[0] && !sameSound && (edits > 1 || shorter < 7))) continue;
      const cost = edits - (sameSound ? 0.5 : 0);
      if (cost < bestCost) {
        best = candidate.word;
        bestCost = cost;
      }
    }
    return best;
  }
}
