import type { MenuItem } from '../menu/menu.ts';
import { optionsFor } from './line-matching.ts';
import type { Mention } from './mention.ts';
import { lastWordOf, singularOf, type Vocabulary } from './vocabulary.ts';

/**
 * "One extra large, half sausage": the item that a count, a size and options mean without a noun. That is the item which the kind's own
 * word names (a pizza), where all that could be meant are of that kind. Null where nothing or more than one thing could be.
 */
export function impliedItem(mention: Mention, vocabulary: Vocabulary): MenuItem | null {
  const { sizePhrase, options } = mention;
  if (sizePhrase === null && (mention.quantity === null || options.length === 0)) return null;
  const candidates = vocabulary.menu.items.filter(
    (item) =>
      item.combo === null &&
      (sizePhrase === null || vocabulary.sizeOf(item, sizePhrase) !== null) &&
      optionsFor(item, options).length === options.length,
  );
  // "Ten piece, ranch": nothing else has that size.
  const [only, ...others] = candidates;
  if (only !== undefined && others.length === 0) return only;
  if (options.length === 0) return null;
  for (const item of candidates) {
    const meaning = vocabulary.phrases.longest([singularOf(lastWordOf(item.name))], 0)?.value;
    if (meaning?.item === item && candidates.every((each) => meaning.kind.includes(each))) return item;
  }
  return null;
}
