import type { MenuItem } from '../menu/menu.ts';
import type { ReviewReason, TicketEvidence, TicketNote } from '../ticket.ts';
import { slotsAskedFor } from './awaited-slots.ts';
import { chooseReading, keepCheapest, type Readback, type Withheld } from './choose-reading.ts';
import type { Span } from './clause.ts';
import { optionsFor } from './line-matching.ts';
import { allowOptions, removeOptions } from './loose-reading.ts';
import type { Mention } from './mention.ts';
import { MentionParser, type ParsedMentions } from './mention-parser.ts';
import { OrderDoubts } from './order-doubts.ts';
import { readMention } from './order-reading.ts';
import { clearLines, emptyState, type OrderState, removeLine, type Source, signature } from './order-state.ts';
import { withoutKind, withoutOptions } from './out-of-stock.ts';
import { givingWay, type ReadingContext } from './reading-context.ts';
import { removeMentioned } from './removal.ts';
import { oldAndNew, type Segment } from './segment.ts';
import { isProduct } from './span-tests.ts';
import type { Vocabulary } from './vocabulary.ts';

const WITHHELD_KEPT = 4;

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
  readonly #doubts = new OrderDoubts();
  #spokenTotalCents: number | null = null;
  #readback: Readback | null = null;
  #askedItem: MenuItem | null = null;
  #hasHadLines = false;
  #awaitedSlots: ReadonlySet<string> = new Set();
  #withheld: readonly Withheld[] = [];
  /** "How many?" was asked. */
  #awaitsCount = false;

  constructor(vocabulary: Vocabulary) {
    this.#vocabulary = vocabulary;
  }

  get best(): OrderState {
    return this.#states[0] ?? emptyState;
  }

  get notes(): readonly TicketNote[] {
    return this.#doubts.notes;
  }

  get unresolved(): readonly string[] {
    return this.#doubts.unresolved;
  }

  get spokenTotalCents(): number | null {
    return this.#spokenTotalCents;
  }

  get hasHadLines(): boolean {
    return this.#hasHadLines;
  }

  reasons(): Set<ReviewReason> {
    return this.#doubts.reasons(this.#vocabulary.menu, this.best, this.#spokenTotalCents);
  }

  note(note: TicketNote): void {
    this.#doubts.note(note);
  }

  flag(reason: ReviewReason): void {
    this.#doubts.flag(reason);
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
      withheld: this.#withheld,
      spokenTotalCents: this.#spokenTotalCents,
      turn,
      atMs,
    });
    this.#states = [choice.state];
    if (choice.isDoubtful !== null) this.#doubts.weighed(choice.isDoubtful, this.#spokenTotalCents !== null);
  }

  #readAmount(segment: Segment, cents: number): void {
    if (segment.act !== 'state' && segment.act !== 'total' && segment.act !== 'make') return;
    this.#spokenTotalCents = cents;
  }

  #readSegment(segment: Segment, clause: ClauseSource, cutWord: string | null, hasRemoved: boolean): void {
    switch (segment.act) {
      case 'offer':
        this.#withhold(segment, clause);
        this.#await(segment);
        return;
      case 'none':
        this.#await(segment);
        return;
      case 'menu':
        this.#withhold(segment, clause);
        // "Nuggets are four twenty nine for six": what follows may be of them.
        if (this.best.lines.length === 0 && segment.spans.filter(isProduct).length === 1)
          this.#askedItem = itemIn(segment.spans);
        return;
      case 'greet':
      case 'total':
        return;
      case 'question':
        this.#await(segment);
        this.#awaitsCount = segment.spans.some((span) => span.kind === 'cue' && span.text === 'how many');
        this.#askedItem =
          segment.spans.find((span) => span.kind === 'menu' && span.meaning.item !== null)?.kind === 'menu'
            ? itemIn(segment.spans)
            : this.#askedItem;
        return;
      case 'clear':
        this.#states = this.#states.map((state) => clearLines(state, sourceOf(clause, 0, 1)));
        this.#spokenTotalCents = null;
        this.#withheld = [];
        this.#doubts.clear();
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

  /** One thing offered or priced, which only the total can say was taken. */
  #withhold(segment: Segment, clause: ClauseSource): void {
    if (!segment.spans.some(isProduct)) return;
    const { mentions } = new MentionParser(this.#vocabulary, segment.spans).parse();
    const [only, ...others] = mentions.filter(({ item }) => item !== null);
    if (only === undefined || only.item === null || only.isDenied || others.length > 0) return;
    const line = {
      item: only.item,
      quantity: only.quantity ?? 1,
      size: only.size,
      options: optionsFor(only.item, only.options),
    };
    this.#withheld = [
      ...this.#withheld.slice(1 - WITHHELD_KEPT),
      { line, source: sourceOf(clause, only.from, only.to) },
    ];
  }

  /** Which slots the next words may fill. */
  #await(segment: Segment): void {
    const slots = slotsAskedFor(this.best.lines, segment.spans);
    if (slots.size > 0) this.#awaitedSlots = slots;
  }

  #readMentions(segment: Segment, clause: ClauseSource, cutWord: string | null, hasRemoved: boolean): void {
    const { old, target } = oldAndNew(segment);
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
          abuts && item !== null && quantity !== null && parsed.mentions[at - 1]?.quantity === null,
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
    if (segment.act !== 'make' || parsed.mentions.length > 0) this.#doubts.addUnknown(parsed);
    const replacedItem = removed?.mentions.find(({ item }) => item !== null) ?? null;
    const counted = old.find((span) => span.kind === 'number');
    const partialCount = counted?.kind === 'number' ? counted.value : null;
    const makesThe = segment.act === 'make' && parsed.mentions.length > 1 && parsed.mentions[0]?.item !== null;
    const [first, ...rest] = parsed.mentions;
    const isCount = this.#awaitsCount && rest.length === 0 && first?.item === null && first.quantity !== null;
    if (parsed.mentions.length > 0) this.#awaitsCount = false;
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
          replaces: givingWay(segment, mention),
          isOfFocus: (segment.act === 'make' && !makesThe) || segment.act === 'replace' || isCount,
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
    this.#doubts.addLost(parsed.mentions, this.best);
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
      else if (mention.kind.length > 0)
        this.#states = this.#states.map((state) => withoutKind(state, mention.kind, sourceOf(clause, 0, 1)));
    }
    const missingOptions = parsed.mentions.filter(({ item, options }) => item === null && options.length > 0);
    const beforeOptions = signature(this.best.lines);
    for (const mention of missingOptions) {
      const gone = mention.options.flatMap(({ options }) => options);
      this.#states = this.#states.map((state) => withoutOptions(state, gone, sourceOf(clause, 0, 1)));
    }
    const isNamed =
      parsed.mentions.some(({ item, kind }) => item !== null || kind.length > 0) ||
      (segment.isRunOut && missingOptions.length > 0) ||
      signature(this.best.lines) !== beforeOptions;
    const isOfUnknown = segment.act === 'out' && segment.spans.some((span) => span.kind === 'word' && !span.isKnown);
    if (this.best.lines.length < before || (segment.isTemporary && (isNamed || isOfUnknown)))
      this.#doubts.flag('out_of_stock_in_ticket');
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
