import type { MenuItem } from '../menu/menu.ts';
import type { Mention } from './mention.ts';

/** What the parser knows of a mention's words beside the mention itself. */
export interface Naming {
  /** "pizzas": the items of the kind that the word stands for. */
  readonly kind: readonly MenuItem[];
  /** "one pepperoni": the item whose short name an option's words are. */
  readonly shortFor: MenuItem | null;
}

/**
 * "Three pizzas, all large: one cheese, one pepperoni and one Hawaiian": a kind is counted, then its items are listed with counts of the
 * same sum. The list is what was ordered, the head only announced it; what the head says of size and options holds for each.
 */
export function withoutHeads(mentions: readonly Mention[], namings: ReadonlyMap<Mention, Naming>): readonly Mention[] {
  const result: Mention[] = [];
  for (let at = 0; at < mentions.length; at++) {
    const head = mentions[at];
    if (head === undefined) break;
    const members = membersOf(head, mentions.slice(at + 1), namings);
    if (members === null) result.push(head);
    else {
      result.push(...members);
      at += members.length;
    }
  }
  return result;
}

function membersOf(
  head: Mention,
  following: readonly Mention[],
  namings: ReadonlyMap<Mention, Naming>,
): readonly Mention[] | null {
  const kind = namings.get(head)?.kind ?? head.kind;
  const count = head.quantity ?? 0;
  if (kind.length < 2 || count < 2 || head.isSplit || head.isDenied) return null;
  const members: Mention[] = [];
  let sum = 0;
  for (const mention of following) {
    const item = mention.item ?? namings.get(mention)?.shortFor ?? null;
    if (item === null || mention.quantity === null || mention.isDenied || !kind.includes(item)) break;
    const ownOptions = mention.item === null ? mention.options.slice(1) : mention.options;
    members.push({
      ...mention,
      item,
      isSplit: false,
      size: mention.size ?? head.size,
      options: [...head.options, ...ownOptions],
    });
    sum += mention.quantity;
    if (sum >= count) break;
  }
  return sum === count && members.length > 1 ? members : null;
}

/** "Two burrito combos, one coke, one horchata": choices whose counts sum to the combo's are of so many combos each. */
export function splitChoices(mentions: readonly Mention[]): readonly Mention[] {
  const splits = new Set<Mention>();
  for (const combo of mentions) {
    const count = combo.quantity ?? 0;
    if (count < 2 || combo.item?.combo == null) continue;
    const choices = mentions.filter(
      ({ slotOf, quantity, isArticle, isSplit }) => slotOf === combo && quantity !== null && !isArticle && !isSplit,
    );
    const [first] = choices;
    const isOfOneSlot = choices.every(({ slotId }) => slotId === first?.slotId);
    const sum = choices.reduce((total, { quantity }) => total + (quantity ?? 0), 0);
    if (choices.length > 1 && isOfOneSlot && sum === count) for (const choice of choices) splits.add(choice);
  }
  if (splits.size === 0) return mentions;
  return mentions.map((mention) => (splits.has(mention) ? { ...mention, isSplit: true } : mention));
}
