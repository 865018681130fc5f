import type { Menu, MenuOption } from '../menu/menu.ts';
import type { ReviewReason, TicketNote } from '../ticket.ts';
import type { Mention } from './mention.ts';
import type { ParsedMentions } from './mention-parser.ts';
import { type OrderState, totalCents } from './order-state.ts';

const QUANTITY_USUAL = 10;
const WORDS_KEPT = 20;

/** What a person should look at in an order, and the remarks that go with it. */
export class OrderDoubts {
  readonly #reasons = new Set<ReviewReason>();
  readonly notes: TicketNote[] = [];
  /** Words that stand where a product or an option should, and are none. */
  readonly unresolved: string[] = [];
  /** Nothing that was said decided between two readings. */
  #isAmbiguous = false;
  /** The total was known when the readings were weighed: more than one of them costs that much. */
  #isAmbiguousDespiteTotal = false;
  /** An option of the menu was said that nothing there takes. */
  #hasMisfits = false;
  #hasDoubtfulItems = false;
  /** Options that went to no line when they were said. */
  #lost: MenuOption[][] = [];

  flag(reason: ReviewReason): void {
    this.#reasons.add(reason);
  }

  note(note: TicketNote): void {
    if (this.notes.length < WORDS_KEPT && !this.notes.some(({ text }) => text === note.text)) this.notes.push(note);
    if (note.kind === 'allergy') this.#reasons.add('allergy');
  }

  weighed(isAmbiguous: boolean, isTotalKnown: boolean): void {
    this.#isAmbiguous = isAmbiguous;
    this.#isAmbiguousDespiteTotal = isTotalKnown;
  }

  addUnknown(parsed: ParsedMentions): void {
    for (const words of [...parsed.unknownItems, ...parsed.doubtfulItems, ...parsed.unknownOptions]) this.#keep(words);
    if (parsed.unknownItems.length > 0) this.#reasons.add('unknown_item');
    if (parsed.unknownOptions.length > 0) this.#reasons.add('unknown_modifier');
    if (parsed.doubtfulItems.length > 0) this.#hasDoubtfulItems = true;
    // "mac and cheese": the option's word is a part of what is unknown.
    if (parsed.misfitOptions.length > 0 && parsed.unknownItems.length === 0) this.#hasMisfits = true;
  }

  /** Call after the mentions were read: an option that no line has now went nowhere. */
  addLost(mentions: readonly Mention[], state: OrderState): void {
    if (state.lines.length === 0) return;
    for (const { item, isDenied, options } of mentions) {
      if (item !== null || isDenied) continue;
      for (const { action, options: meant } of options)
        if (action !== 'no' && !holdsOneOf(state, meant) && this.#lost.length < WORDS_KEPT) this.#lost.push([...meant]);
    }
  }

  /** Everything was cleared: nothing of it is left to doubt. */
  clear(): void {
    this.#reasons.clear();
    this.unresolved.length = 0;
    this.#hasMisfits = false;
    this.#hasDoubtfulItems = false;
    this.#lost = [];
  }

  /** The reasons of an order that holds `state`. What was said to cost as much as it does holds nothing that was not understood. */
  reasons(menu: Menu, state: OrderState, spokenTotalCents: number | null): Set<ReviewReason> {
    const reasons = new Set(this.#reasons);
    const { lines } = state;
    const isTotalled = spokenTotalCents !== null && lines.length > 0;
    const isMatched = isTotalled && totalCents(menu, state) === spokenTotalCents;
    if (isTotalled && !isMatched) reasons.add('total_mismatch');
    if (this.#isAmbiguous && (!isMatched || this.#isAmbiguousDespiteTotal)) reasons.add('low_confidence');
    const isLost = lines.length > 0 && this.#lost.some((options) => !holdsOneOf(state, options));
    if ((this.#hasMisfits || isLost) && !isMatched) reasons.add('unknown_modifier');
    if (this.#hasDoubtfulItems && !isMatched) reasons.add('unknown_item');
    for (const { item, quantity, slots, options } of lines) {
      if (quantity > QUANTITY_USUAL) reasons.add('quantity_unusual');
      if (item.combo?.slots.some(({ id, isRequired }) => isRequired && !slots.has(id)) === true)
        reasons.add('missing_required_choice');
      const isOut =
        item.isOutOfStock ||
        [...slots.values()].some((chosen) => chosen.isOutOfStock) ||
        options.some(({ option, action }) => action !== 'no' && option.isOutOfStock);
      if (isOut) reasons.add('out_of_stock_in_ticket');
    }
    return reasons;
  }

  #keep(words: string): void {
    if (this.unresolved.length < WORDS_KEPT && !this.unresolved.includes(words)) this.unresolved.push(words);
  }
}

function holdsOneOf({ lines }: OrderState, meant: readonly MenuOption[]): boolean {
  return lines.some(
    ({ options, takenBack }) =>
      options.some(({ option }) => meant.includes(option)) || takenBack.some((option) => meant.includes(option)),
  );
}
