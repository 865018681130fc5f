import type { MenuItem } from '../menu/menu.ts';
import type { ReviewReason, TicketEvidence, TicketNote } from '../ticket.ts';
import { chooseReading, keepCheapest, type Readback } from './choose-reading.ts';
import type { Span } from './clause.ts';
import { allowOptions, removeOptions } from './loose-reading.ts';
import type { Mention } from './mention.ts';
import { MentionParser, type ParsedMentions } from './mention-parser.ts';
import { readMention, removeMentioned } from './order-reading.ts';
import {
  changeLine,
  clearLines,
  emptyState,
  type OrderState,
  removeLine,
  type Source,
  signature,
  totalCents,
} from './order-state.ts';
import type { ReadingContext } from './reading-context.ts';
import type { Segment } from './segments.ts';
import type { Vocabulary } from './vocabulary.ts';

const QUANTITY_USUAL = 10;
const WORDS_KEPT = 20;

/** Where a clause's tokens stand in the call. */
export interface ClauseSource {
  readonly turn: number;
  readonly atMs: number;
  evidence(from: number, to: number): TicketEvidence;
}

/** One car's order: a few readings of what was said, cheapest first, and what is true of all of them. */
export class CarOrder {
  readonly #vocabulary: Vocabulary;
  #states: readonly OrderState[] = [emptyState];
  #reasons = new Set<ReviewReason>();
  #notes: TicketNote[] = [];
  #unresolved: string[] = [];
  #spokenTotalCents: number | null = null;
  #readback: Readback | null = null;
  #askedItem: MenuItem | null = null;
  #hasHadLines = false;
  /** Nothing that was said decided between two readings. */
  #isDoubtful = false;
  #awaitedSlots: ReadonlySet<string> = new Set();

  constructor(vocabulary: Vocabulary) {
    this.#vocabulary = vocabulary;
  }

  get best(): OrderState {
    return this.#states[0] ?? emptyState;
  }

  get notes(): readonly TicketNote[] {
    return this.#notes;
  }

  get unresolved(): readonly string[] {
    return this.#unresolved;
  }

  get spokenTotalCents(): number | null {
    return this.#spokenTotalCents;
  }

  get hasHadLines(): boolean {
    return this.#hasHadLines;
  }

  reasons(): Set<ReviewReason> {
    const reasons = new Set(this.#reasons);
    const { lines } = this.best;
    const isTotalled = this.#spokenTotalCents !== null && lines.length > 0;
    const isMatched = isTotalled && totalCents(this.#vocabulary.menu, this.best) === this.#spokenTotalCents;
    if (isTotalled && !isMatched) reasons.add('total_mismatch');
    if (this.#isDoubtful && !isMatched) reasons.add('low_confidence');
    for (const { item, quantity, slots } of lines) {
      if (quantity > QUANTITY_USUAL) reasons.add('quantity_unusual');
      if (item.combo?.slots.some(({ id, isRequired }) => isRequired && !slots.has(id)) === true)
        reasons.add('missing_required_choice');
      if (item.isOutOfStock) reasons.add('out_of_stock_in_ticket');
    }
    return reasons;
  }

  note(note: TicketNote): void {
    if (this.#notes.length < WORDS_KEPT && !this.#notes.some(({ text }) => text === note.text)) this.#notes.push(note);
    if (note.kind === 'allergy') this.#reasons.add('allergy');
  }

  flag(reason: ReviewReason): void {
    this.#reasons.add(reason);
  }

  /** Reads a clause's segments in order. `cutWord`: the beginning of the word at which the guest barged in just before. */
  read(segments: readonly Segment[], clause: ClauseSource, cutWord: string | null): void {
    let hasRemoved = false;
    for (const segment of segments) {
      this.#states = this.#states.map((state) => ({ ...state, touched: new Set<string>() }));
      this.#readSegment(segment, clause, cutWord, hasRemoved);
      if (
        segment.act === 'remove' ||
        segment.act === 'forget' ||
        segment.act === 'out' ||
        segment.act === 'unavailable'
      )
        hasRemoved = true;
      for (const span of segment.spans) if (span.kind === 'money') this.#readAmount(segment, span.cents);
    }
    if (this.best.lines.length > 0) this.#hasHadLines = true;
  }

  /** The agent closes: one reading is chosen. */
  settle(turn: number, atMs: number): void {
    const choice = chooseReading(this.#states, {
      menu: this.#vocabulary.menu,
      readback: this.#readback,
      spokenTotalCents: this.#spokenTotalCents,
      turn,
      atMs,
    });
    this.#states = [choice.state];
    if (choice.isDoubtful !== null) this.#isDoubtful = choice.isDoubtful;
  }

  #readAmount(segment: Segment, cents: number): void {
    if (segment.act !== 'state' && segment.act !== 'total' && segment.act !== 'make') return;
    this.#spokenTotalCents = cents;
  }

  #readSegment(segment: Segment, clause: ClauseSource, cutWord: string | null, hasRemoved: boolean): void {
    switch (segment.act) {
      case 'none':
      case 'offer':
        this.#await(segment);
        return;
      case 'greet':
      case 'menu':
      case 'total':
        return;
      case 'question':
        this.#await(segment);
        this.#askedItem =
          segment.spans.find((span) => span.kind === 'menu' && span.meaning.item !== null)?.kind === 'menu'
            ? itemIn(segment.spans)
            : this.#askedItem;
        return;
      case 'clear':
        this.#states = this.#states.map((state) => clearLines(state, sourceOf(clause, 0, 1)));
        this.#spokenTotalCents = null;
        this.#reasons.clear();
        this.#unresolved = [];
        return;
      case 'forget':
        this.#states = this.#states.map((state) => {
          const focus = state.lines.find(({ id }) => id === state.focusId) ?? state.lines.at(-1);
          return focus === undefined ? state : removeLine(state, focus.id, sourceOf(clause, 0, 1));
        });
        return;
      default:
        this.#readMentions(segment, clause, cutWord, hasRemoved);
    }
  }

  /** "to drink with that?", "fries or rings?": which slots of the order's combos the next words may fill. */
  #await(segment: Segment): void {
    const slots = new Set<string>();
    for (const { item } of this.best.lines) {
      for (const { id, options } of item.combo?.slots ?? []) {
        const isNamed = segment.spans.some((span) =>
          span.kind === 'menu'
            ? options.some((option) => option.id === span.meaning.item?.id)
            : 'text' in span && span.text.split(' ').includes(id),
        );
        if (isNamed) slots.add(id);
      }
    }
    if (slots.size > 0) this.#awaitedSlots = slots;
  }

  #readMentions(segment: Segment, clause: ClauseSource, cutWord: string | null, hasRemoved: boolean): void {
    const split =
      segment.act === 'replace'
        ? segment.spans.findLastIndex((span) => span.kind === 'word' && /^(?:to|with|for|into|by)$/.test(span.text))
        : -1;
    const left = split <= 0 ? [] : segment.spans.slice(0, split);
    const right = split < 0 ? segment.spans : segment.spans.slice(split + 1);
    // "change the fries to rings", but "substitute rings for the fries".
    const [old, target] = segment.isReversed && split > 0 ? [right, left] : [left, right];
    const parsed = new MentionParser(this.#vocabulary, target).parse();
    const removed = old.length === 0 ? null : new MentionParser(this.#vocabulary, old).parse();
    if (segment.act === 'unavailable' || segment.act === 'out') {
      this.#readMissing(segment, parsed, clause);
      return;
    }
    if (segment.act === 'remove') {
      const isPartial = segment.spans.some(
        (span) => span.kind === 'number' || (span.kind === 'word' && (span.text === 'a' || span.text === 'an')),
      );
      // "never mind the tacos two burritos": what a number begins anew is ordered.
      const kept = parsed.mentions.findIndex(
        ({ abuts, item, quantity }, at) =>
          abuts && item !== null && quantity !== null && parsed.mentions[at - 1]?.isDefinite === true,
      );
      const gone = kept < 0 ? parsed.mentions : parsed.mentions.slice(0, kept);
      for (const mention of gone) this.#takeOff(mention, segment, clause, isPartial);
      const from = kept < 0 ? undefined : parsed.mentions[kept]?.from;
      if (from === undefined) return;
      const spans = segment.spans.filter((span) => span.from >= from);
      this.#readMentions({ ...segment, act: 'state', spans }, clause, cutWord, true);
      return;
    }
    if (segment.act === 'allow') {
      for (const mention of parsed.mentions) {
        const context = {
          ...this.#contextOf(segment, clause, mention, cutWord, false),
          bound: new Map<Mention, string>(),
          replaces: 'none' as const,
          isOfFocus: false,
        };
        this.#states = this.#states.map((state) => allowOptions(state, mention, context));
      }
      return;
    }
    this.#readUnknown(parsed, segment);
    const replacedItem = removed?.mentions.find(({ item }) => item !== null) ?? null;
    const counted = old.find((span) => span.kind === 'number');
    const partialCount = counted?.kind === 'number' ? counted.value : null;
    const makesThe = segment.act === 'make' && parsed.mentions.length > 1 && parsed.mentions[0]?.item !== null;
    const denied = parsed.mentions.some(({ isDenied }) => isDenied);
    const bound = new Map<OrderState, Map<Mention, string>>();
    let states = this.#states;
    if (replacedItem !== null) {
      states = states.map((state) => {
        const line = state.lines.find(({ item }) => item.id === replacedItem.item?.id);
        return line === undefined ? state : { ...state, focusId: line.id };
      });
    }
    for (const mention of parsed.mentions) {
      const next: OrderState[] = [];
      for (const state of states) {
        const kept = bound.get(state) ?? new Map<Mention, string>();
        const context: ReadingContext = {
          ...this.#contextOf(segment, clause, mention, cutWord, hasRemoved || denied),
          bound: kept,
          partialCount,
          replaces: replacement(segment, mention),
          isOfFocus: (segment.act === 'make' && !makesThe) || segment.act === 'replace',
        };
        for (const reading of readMention(state, mention, context)) {
          bound.set(reading, new Map(kept));
          next.push(reading);
        }
      }
      states = keepCheapest(next);
    }
    if (
      segment.isExclusive &&
      parsed.mentions.some(({ item, isDenied, isMore }) => item !== null && !isDenied && !isMore)
    ) {
      states = states.map((state) => {
        const others = state.lines.filter(({ id }) => !state.touched.has(id));
        return others.length === state.lines.length
          ? state
          : others.reduce((left, line) => removeLine(left, line.id, sourceOf(clause, 0, 1)), state);
      });
    }
    this.#states = keepCheapest(states);
    const isList = parsed.mentions.some(({ item, isDenied, isMore }) => item !== null && !isDenied && !isMore);
    if (isList && segment.isReadback && segment.act === 'state' && !segment.isAddition)
      this.#readback = { turn: clause.turn, isSure: segment.isExclusive };
    if (isList) this.#askedItem = null;
  }

  #takeOff(mention: Mention, segment: Segment, clause: ClauseSource, isPartial: boolean): void {
    const context = {
      ...this.#contextOf(segment, clause, mention, null, true),
      bound: new Map<Mention, string>(),
      replaces: 'none' as const,
      isOfFocus: false,
    };
    this.#states = this.#states.map((state) => {
      if (mention.options.length > 0 && (mention.item === null || mention.isDefinite))
        return removeOptions(state, mention, context);
      return removeMentioned(state, mention, context, isPartial);
    });
  }

  /** "we're out of ...", "the shake machine is down": off the order, and somebody should know. */
  #readMissing(segment: Segment, parsed: ParsedMentions, clause: ClauseSource): void {
    const before = this.best.lines.length;
    for (const mention of parsed.mentions) {
      const whole = { ...mention, quantity: null, options: [] };
      if (mention.item !== null) this.#takeOff(whole, segment, clause, false);
      else if (mention.kind.length > 0) {
        this.#states = this.#states.map((state) =>
          state.lines
            .filter(({ item }) => mention.kind.some(({ id }) => id === item.id))
            .reduce((left, line) => removeLine(left, line.id, sourceOf(clause, 0, 1)), state),
        );
      }
    }
    const missingOptions = parsed.mentions.filter(({ item, options }) => item === null && options.length > 0);
    const beforeOptions = signature(this.best.lines);
    for (const mention of missingOptions) {
      const gone = new Set(mention.options.flatMap(({ options }) => options));
      this.#states = this.#states.map((state) =>
        state.lines.reduce((next, line) => {
          const options = line.options.filter(({ option, action }) => action === 'no' || !gone.has(option));
          return options.length === line.options.length
            ? next
            : changeLine(next, line.id, { options }, sourceOf(clause, 0, 1));
        }, state),
      );
    }
    const named =
      parsed.mentions.some(({ item, kind }) => item !== null || kind.length > 0) ||
      (segment.isRunOut && missingOptions.length > 0) ||
      signature(this.best.lines) !== beforeOptions;
    if (this.best.lines.length < before || (segment.isTemporary && named)) this.#reasons.add('out_of_stock_in_ticket');
    else if (
      segment.isTemporary &&
      segment.act === 'out' &&
      segment.spans.some((span) => span.kind === 'word' && !span.isKnown)
    )
      this.#reasons.add('out_of_stock_in_ticket');
  }

  #readUnknown(parsed: ParsedMentions, segment: Segment): void {
    if (segment.act === 'make' && parsed.mentions.length === 0) return;
    for (const words of parsed.unknownItems) this.#resolveNot(words, 'unknown_item');
    for (const words of parsed.unknownOptions) this.#resolveNot(words, 'unknown_modifier');
  }

  #resolveNot(words: string, reason: ReviewReason): void {
    this.#reasons.add(reason);
    if (this.#unresolved.length < WORDS_KEPT && !this.#unresolved.includes(words)) this.#unresolved.push(words);
  }

  #contextOf(segment: Segment, clause: ClauseSource, mention: Mention, cutWord: string | null, hasRemoved: boolean) {
    return {
      menu: this.#vocabulary.menu,
      vocabulary: this.#vocabulary,
      segment,
      source: sourceOf(clause, mention.from, Math.max(mention.to, mention.from + 1)),
      askedItem: this.#askedItem,
      cutWord,
      hasRemoved,
      partialCount: null,
      awaitedSlots: this.#awaitedSlots,
    };
  }
}

function itemIn(spans: readonly Span[]): MenuItem | null {
  for (const span of spans) if (span.kind === 'menu' && span.meaning.item !== null) return span.meaning.item;
  return null;
}

function sourceOf(clause: ClauseSource, from: number, to: number): Source {
  return { evidence: clause.evidence(from, to), atMs: clause.atMs };
}

/** Which options give way to the mention's own. */
function replacement(segment: Segment, mention: Mention): ReadingContext['replaces'] {
  if (segment.act === 'replace' || segment.isChange) return 'group';
  const [only, ...others] = mention.options;
  // "Chicken, my mistake."
  if (
    segment.isCorrection &&
    segment.act === 'state' &&
    mention.item === null &&
    only?.action === 'add' &&
    others.length === 0
  )
    return 'group';
  return segment.isCorrection || segment.isReadback ? 'kind' : 'none';
}
