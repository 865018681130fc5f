import type { MenuItem } from '../menu/menu.ts';
import type { Span } from './clause.ts';
import { type Naming, splitChoices, withoutHeads } from './enumeration.ts';
import { takes } from './line-matching.ts';
import { deniesList, halfFollows, itemAhead, leadsToCount, leadsToItem } from './look-ahead.ts';
import type { Mention, MentionedOption, ModifierAction } from './mention.ts';
import type { MenuMeaning, Vocabulary } from './vocabulary.ts';

export interface ParsedMentions {
  readonly mentions: readonly Mention[];
  /** Words that stand where a product or an option should, and are none of the menu. */
  readonly unknownItems: readonly string[];
  /** Words that only an article made look like one: "a clean pitcher". */
  readonly doubtfulItems: readonly string[];
  readonly unknownOptions: readonly string[];
  /** Options of the menu that nothing said here takes. */
  readonly misfitOptions: readonly string[];
}

type MutableMention = { -readonly [Key in keyof Mention]: Mention[Key] };

interface Prefix {
  quantity: number | null;
  isArticle: boolean;
  isDefinite: boolean;
  isMore: boolean;
  isForAll: boolean;
  sizePhrase: string | null;
  from: number | null;
}

const noPrefix = (): Prefix => ({
  quantity: null,
  isArticle: false,
  isDefinite: false,
  isMore: false,
  isForAll: false,
  sizePhrase: null,
  from: null,
});

/** Reads the spans of one segment from left to right; particulars go to the item before them, or to the one they lead to. */
export class MentionParser {
  readonly #vocabulary: Vocabulary;
  readonly #spans: readonly Span[];
  readonly #mentions: MutableMention[] = [];
  readonly #namings = new Map<Mention, Naming>();
  readonly #unknownItems: string[] = [];
  readonly #doubtfulItems: string[] = [];
  readonly #unknownOptions: string[] = [];
  readonly #misfitOptions: string[] = [];
  #current: MutableMention | null = null;
  #combo: MutableMention | null = null;
  #prefix = noPrefix();
  #prefixOptions: MentionedOption[] = [];
  #action: ModifierAction | null = null;
  #keepsAction = false;
  #isDenied = false;
  #half: 'first' | 'second' | null = null;
  #halves = 0;
  #afterWith = false;
  #chunk = 0;
  #preposition = false;
  #separator: ',' | 'and' | null = null;

  constructor(vocabulary: Vocabulary, spans: readonly Span[]) {
    this.#vocabulary = vocabulary;
    this.#spans = spans;
  }

  parse(): ParsedMentions {
    for (const [index, span] of this.#spans.entries()) this.#read(span, index);
    this.#flushLoose();
    const mentions = splitChoices(withoutHeads(this.#mentions, this.#namings));
    return {
      mentions,
      unknownItems: this.#unknownItems,
      doubtfulItems: this.#doubtfulItems,
      unknownOptions: this.#unknownOptions,
      misfitOptions: this.#misfitOptions,
    };
  }

  #read(span: Span, index: number): void {
    switch (span.kind) {
      case 'number':
        this.#number(span.value, span, index);
        return;
      case 'menu':
        this.#menu(span, index);
        return;
      case 'cue':
        this.#cue(span, index);
        return;
      case 'mark':
        this.#separate(index, ',');
        return;
      case 'word':
        this.#word(span, index);
        return;
      case 'money':
        this.#endOptions();
    }
  }

  #number(value: number, span: Span, index: number): void {
    const before = this.#spans[index - 1];
    // "ten, no, not ten, twenty piece": the number is taken back.
    if (before?.kind === 'cue' && before.cue === 'not') {
      this.#prefix = noPrefix();
      this.#endOptions();
      return;
    }
    const next = this.#spans[index + 1];
    if (
      next?.kind === 'word' &&
      /^(?:pump|pumps|packet|packets|oz|ounce|ounces|shot|percent|pack|packs|cup|cups)$/.test(next.text)
    ) {
      return;
    }
    if (this.#action === 'no' && !this.#keepsAction && this.#current === null) this.#action = null;
    this.#action = null;
    this.#isDenied = false;
    this.#half = null;
    this.#prefix = {
      ...noPrefix(),
      isMore: this.#prefix.isMore,
      // "all 3 with cheese"; but "all large, one cheese" begins anew.
      isForAll: this.#prefix.isForAll && before?.kind === 'cue' && before.cue === 'all',
      quantity: value,
      from: span.from,
    };
    // "one with cheese", "one decaf", "one plain": so many of what was said before.
    const at = this.#spans.slice(index + 1).findIndex((other) => other.kind !== 'mark');
    const follower = at < 0 ? undefined : this.#spans[index + 1 + at];
    const isOfThem = follower?.kind === 'cue' && follower.cue === 'split' && follower.text === 'of them';
    const isWith = follower?.kind === 'word' && follower.text === 'with';
    const isNo =
      follower?.kind === 'cue' &&
      (follower.cue === 'no' || follower.cue === 'extra' || follower.cue === 'plain' || follower.cue === 'light');
    const isBareOption =
      follower?.kind === 'menu' &&
      follower.meaning.options.length > 0 &&
      (follower.meaning.item === null || (follower.meaning.isShort && this.#takerOf(follower.meaning) !== null)) &&
      this.#itemAhead(index + 1 + at) === null;
    if (isWith || isNo || isBareOption || isOfThem) this.#startSplit(value, span.from, span.to);
  }

  #startSplit(value: number, from: number, to: number): void {
    const last = this.#mentions.findLast(({ item }) => item !== null);
    this.#current = this.#newMention(null, {
      ...this.#prefix,
      quantity: value,
      from,
    });
    this.#current.isSplit = true;
    this.#current.to = to;
    if (last !== undefined && last.quantity !== null && last.quantity < value) this.#current.isSplit = false;
    this.#mentions.push(this.#current);
    this.#prefix = noPrefix();
  }

  #menu(span: Extract<Span, { kind: 'menu' }>, index: number): void {
    const { meaning } = span;
    if (meaning.isStore && meaning.item === null) {
      this.#prefix = noPrefix();
      return;
    }
    if (meaning.isSize && this.#size(span, index)) return;
    if (meaning.options.length > 0 && this.#isOption(meaning, index)) {
      this.#option(span, index);
      return;
    }
    if (meaning.item !== null) {
      this.#item(meaning.item, span, index);
      return;
    }
    if (meaning.kind.length > 0) this.#kind(span, index);
  }

  #isOption(meaning: MenuMeaning, index: number): boolean {
    if (meaning.item === null) return true;
    const target = this.#current?.item ?? null;
    if (this.#preposition) return false;
    if (this.#prefix.isForAll) return true;
    if (meaning.isShort && (this.#half !== null || this.#afterWith)) return true;
    if (meaning.isShort) return this.#prefix.sizePhrase === null || this.#itemAhead(index) !== null;
    if (this.#prefix.quantity !== null || this.#prefix.isDefinite || this.#prefix.sizePhrase !== null) return false;
    if (this.#current?.isSplit === true && target === null) return true;
    if (this.#action !== null && target === null) return this.#action !== 'no';
    if (target === null) return this.#afterWith || this.#nextIsSide(index) || this.#itemAhead(index) !== null;
    return takes(target, meaning);
  }

  #nextIsSide(index: number): boolean {
    const next = this.#spans[index + 1];
    return next?.kind === 'cue' && next.cue === 'side';
  }

  #size(span: Extract<Span, { kind: 'menu' }>, index: number): boolean {
    const ahead = this.#itemAhead(index);
    if (ahead !== null) {
      if (this.#vocabulary.sizeOf(ahead, span.text) === null)
        return span.meaning.item === null && span.meaning.options.length === 0;
      this.#prefix.sizePhrase = span.text;
      this.#prefix.from ??= span.from;
      return true;
    }
    const current = this.#current;
    if (current?.item && this.#prefix.quantity === null) {
      const size = this.#vocabulary.sizeOf(current.item, span.text);
      if (size !== null) {
        current.size = size;
        current.sizePhrase = span.text;
        current.to = span.to;
        return true;
      }
    }
    if (span.meaning.item !== null || span.meaning.options.length > 0) return false;
    if (current !== null && current.item === null) current.sizePhrase = span.text;
    else {
      this.#prefix.sizePhrase = span.text;
      this.#prefix.from ??= span.from;
    }
    return true;
  }

  #itemAhead(index: number): MenuItem | null {
    const joins = this.#prefix.quantity !== null && this.#action === null && !this.#afterWith;
    return itemAhead(this.#spans, index, joins, this.#prefix.sizePhrase !== null);
  }

  #option(span: Extract<Span, { kind: 'menu' }>, index: number): void {
    const next = this.#spans[index + 1];
    // "cheese curds": an option's name inside an unknown product's.
    if (next?.kind === 'word' && !next.isKnown && this.#prefix.quantity !== null && this.#current?.isSplit !== true)
      return;
    const option: MentionedOption = {
      options: span.meaning.options,
      action: this.#action ?? 'add',
      half: this.#half,
      chunk: this.#chunk,
    };
    const ahead = this.#itemAhead(index);
    const current = this.#current;
    if (this.#isDenied && this.#action === null) {
      this.#takeBack(option, span);
      return;
    }
    if (
      ahead !== null &&
      takes(ahead, span.meaning) &&
      (this.#action === null || this.#prefix.quantity !== null || current === null)
    ) {
      this.#prefixOptions.push(option);
      this.#prefix.from ??= span.from;
    } else if (
      current !== null &&
      !this.#preposition &&
      (takesOwn(current, span.meaning) || this.#takerOf(span.meaning) !== null)
    ) {
      const taker = takesOwn(current, span.meaning) ? current : (this.#takerOf(span.meaning) ?? current);
      taker.options.push(option);
      if (taker.isSplit && taker.options.length === 1)
        this.#namings.set(taker, { kind: [], shortFor: span.meaning.isShort ? span.meaning.item : null });
      taker.to = Math.max(taker.to, span.to);
      this.#prefix = { ...noPrefix(), isForAll: this.#prefix.isForAll };
    } else if (current === null || this.#preposition) {
      const loose = this.#newMention(null, this.#prefix);
      loose.options.push(option);
      loose.to = span.to;
      loose.followsWith = this.#afterWith;
      this.#mentions.push(loose);
      this.#current = loose;
      this.#prefix = noPrefix();
    } else if (option.action !== 'no') {
      this.#misfitOptions.push(span.text);
    }
    if (this.#prefix.isForAll && this.#current !== null && !this.#prefixOptions.includes(option))
      this.#moveToAll(option);
    if (!this.#keepsAction && this.#action !== null) this.#action = null;
  }

  /** "not vanilla, hazelnut": the option was never meant. */
  #takeBack(option: MentionedOption, span: Span): void {
    const mention = this.#newMention(null, { ...noPrefix(), from: span.from });
    mention.isDenied = true;
    mention.options.push(option);
    mention.to = span.to;
    this.#mentions.push(mention);
  }

  /** "five crunchy tacos and three soft tacos, all beef": the option is everyone's. */
  #moveToAll(option: MentionedOption): void {
    const owner = this.#mentions.find((mention) => mention.options.includes(option));
    if (owner !== undefined && owner.item !== null) owner.options.splice(owner.options.indexOf(option), 1);
    if (owner?.item === null && (!owner.isSplit || owner.options.length === 1)) {
      owner.isForAll = true;
      return;
    }
    if (owner !== undefined && owner.item === null) owner.options.splice(owner.options.indexOf(option), 1);
    const all = this.#newMention(null, { ...noPrefix(), isForAll: true });
    all.options.push(option);
    this.#mentions.push(all);
    this.#current = all;
    this.#prefix = { ...noPrefix(), isForAll: true };
  }

  /** "no onions on both": what this chunk holds is everyone's. */
  #chunkToAll(): void {
    for (const mention of [...this.#mentions]) {
      for (const option of mention.options.filter(({ chunk }) => chunk === this.#chunk)) this.#moveToAll(option);
    }
  }

  /** An earlier item of the segment that takes the option, where the last one does not. */
  #takerOf(meaning: MenuMeaning): MutableMention | null {
    return this.#mentions.findLast(({ item }) => item !== null && takes(item, meaning)) ?? null;
  }

  #item(item: MenuItem, span: Extract<Span, { kind: 'menu' }>, index: number): void {
    const prefix = this.#prefix;
    const mention = this.#newMention(item, prefix);
    mention.to = span.to;
    mention.noun = span.text;
    mention.isDenied = this.#isDenied || this.#action === 'no';
    mention.followsWith = this.#afterWith;
    mention.abuts = this.#separator === null;
    mention.followsComma = this.#separator === ',';
    this.#separator = null;
    if (prefix.sizePhrase !== null) {
      mention.sizePhrase = prefix.sizePhrase;
      mention.size = this.#vocabulary.sizeOf(item, prefix.sizePhrase);
    } else if (prefix.quantity !== null && !prefix.isArticle) this.#countToSize(item, mention);
    if (this.#action === 'extra') mention.isMore = true;
    mention.options.push(...this.#prefixOptions);
    for (const { options } of this.#prefixOptions)
      if (!takes(item, { options })) this.#misfitOptions.push(options[0]?.name ?? '');
    if (this.#preposition) this.#moveChunk(mention);
    const split = this.#current;
    // "two kids meals, one with apple slices"
    if (
      split?.isSplit === true &&
      split.item === null &&
      split.options.length === 0 &&
      this.#mentions.at(-1) === split &&
      this.#afterWith
    ) {
      this.#mentions.pop();
      this.#current = null;
      mention.isSplit = true;
      mention.quantity = split.quantity;
    }
    if (this.#combo !== null && !mention.isDenied && !mention.isMore && !mention.isForAll)
      this.#offerSlot(mention, this.#combo);
    this.#mentions.push(mention);
    if (span.meaning.kind.includes(item)) this.#namings.set(mention, { kind: span.meaning.kind, shortFor: null });
    // "one with a coke and chicken": the option is of the combo that has the coke.
    if (mention.slotOf === null || mention.isSplit) {
      this.#current = mention;
      if (item.combo !== null && mention.slotOf === null) this.#combo = mention;
    }
    this.#prefix = noPrefix();
    this.#prefixOptions = [];
    const next = this.#spans[index + 1];
    const listGoesOn = mention.isDenied && next?.kind === 'word' && (next.text === 'or' || next.text === 'and');
    if (!listGoesOn) this.#action = null;
    this.#isDenied = listGoesOn;
    this.#afterWith = false;
    this.#preposition = false;
    this.#half = null;
    this.#chunk++;
  }

  /** "twelve wings" where twelve is a size; "ten nuggets" where there is a ten piece. */
  #countToSize(item: MenuItem, mention: MutableMention): void {
    const count = mention.quantity ?? 0;
    const size =
      this.#vocabulary.sizeOf(item, String(count)) ??
      (count >= 4 ? this.#vocabulary.sizeOf(item, `${count} piece`) : null);
    if (size === null) return;
    mention.size = size;
    mention.sizePhrase = String(count);
    mention.quantity = 1;
  }

  #offerSlot(mention: MutableMention, combo: MutableMention): void {
    const item = mention.item;
    const before = this.#mentions.at(-1);
    const isOfCombo = before?.slotOf === combo || (before?.isSplit === true && before.item === null);
    const splitBefore = before !== undefined && isOfCombo ? (before.isSplit ? before : before.slotWith) : null;
    if (!mention.isSplit && !mention.followsComma && (mention.quantity === null || mention.isArticle))
      mention.slotWith = splitBefore;
    const slot = combo.item?.combo?.slots.find(
      ({ id, options }) =>
        item !== null &&
        options.some((each) => each.id === item.id) &&
        !this.#mentions.some(
          (other) =>
            other.slotOf === combo &&
            other.slotId === id &&
            !other.isSplit &&
            other.slotWith === mention.slotWith &&
            (other.quantity === null || other.isArticle || mention.quantity === null || mention.isArticle),
        ),
    );
    if (slot === undefined) return;
    mention.slotOf = combo;
    mention.slotId = slot.id;
    combo.hasChoices = true;
  }

  /** "no onions on the bacon burger": what this chunk holds belongs to the item after "on". */
  #moveChunk(mention: MutableMention): void {
    for (const other of this.#mentions) {
      const moved = other.options.filter(({ chunk }) => chunk === this.#chunk);
      mention.options.push(...moved);
      for (const option of moved) other.options.splice(other.options.indexOf(option), 1);
      if (moved.length > 0) mention.isDefinite = true;
    }
    for (let at = this.#mentions.length - 1; at >= 0; at--) {
      const other = this.#mentions[at];
      if (
        other !== undefined &&
        other.item === null &&
        other.options.length === 0 &&
        other.sizePhrase === null &&
        !other.becomesCombo
      )
        this.#mentions.splice(at, 1);
    }
  }

  #kind(span: Extract<Span, { kind: 'menu' }>, index: number): void {
    const isPlain =
      this.#prefix.quantity === null &&
      !this.#prefix.isDefinite &&
      this.#action === null &&
      this.#spans[index + 1] !== undefined;
    if (isPlain && this.#current !== null) return;
    const mention = this.#newMention(null, this.#prefix);
    mention.kind = span.meaning.kind;
    mention.isDenied = this.#isDenied || this.#action === 'no';
    mention.options.push(...this.#prefixOptions);
    mention.to = span.to;
    if (this.#preposition) this.#moveChunk(mention);
    this.#mentions.push(mention);
    this.#current = mention;
    this.#prefix = noPrefix();
    this.#prefixOptions = [];
    this.#endOptions();
  }

  #cue(span: Extract<Span, { kind: 'cue' }>, index: number): void {
    switch (span.cue) {
      case 'couple':
        this.#number(2, span, index);
        return;
      case 'dozen':
        this.#number((this.#prefix.isArticle ? 1 : (this.#prefix.quantity ?? 1)) * 12, span, index);
        return;
      case 'half-dozen':
        this.#number(6, span, index);
        return;
      case 'more':
        this.#prefix = {
          ...noPrefix(),
          quantity: this.#prefix.quantity ?? 1,
          isMore: true,
          from: this.#prefix.from ?? span.from,
        };
        return;
      case 'all':
        if (/^(?:on|for) /.test(span.text)) this.#chunkToAll();
        else this.#prefix.isForAll = true;
        return;
      case 'split':
      case 'other-half':
        if (this.#halves > 0) this.#setHalf(span.text, index);
        else if (span.text.startsWith('the other') || span.text.startsWith('the 1'))
          this.#startSplit(1, span.from, span.to);
        else this.#prefix.isDefinite = true;
        return;
      case 'half':
        this.#setHalf(span.text, index);
        return;
      case 'whole':
        this.#clearHalf();
        return;
      case 'no':
        // "a six piece, no, ten piece": what was said before was wrong.
        if (leadsToCount(this.#spans[index + 1])) {
          this.#prefix = noPrefix();
          return;
        }
        this.#chunk++;
        this.#action = 'no';
        this.#keepsAction = deniesList(this.#spans, index);
        return;
      case 'not':
        this.#isDenied = true;
        return;
      case 'extra':
      case 'light':
        this.#chunk++;
        this.#action = span.cue;
        this.#keepsAction = false;
        return;
      case 'side': {
        const owner = this.#mentions.findLast(({ options }) => options.length > 0);
        const last = owner?.options.at(-1);
        if (last !== undefined && last.action === 'add') last.action = 'side';
        return;
      }
      case 'combo': {
        const item = this.#current?.item ?? null;
        if (item !== null && this.#current !== null && item.combo === null) this.#current.becomesCombo = true;
        else if (item === null) this.#upgrade(span);
        return;
      }
      case 'undo-combo': {
        const mention = this.#newMention(null, { ...noPrefix(), from: span.from });
        mention.kind = this.#vocabulary.menu.items.filter(({ combo }) => combo !== null);
        mention.isDenied = true;
        mention.to = span.to;
        this.#mentions.push(mention);
        this.#current = null;
      }
    }
  }

  #upgrade(span: Span): void {
    const mention = this.#newMention(null, this.#prefix);
    mention.becomesCombo = true;
    mention.to = span.to;
    if (this.#prefix.sizePhrase !== null) mention.sizePhrase = this.#prefix.sizePhrase;
    this.#mentions.push(mention);
    this.#current = mention;
    this.#prefix = noPrefix();
  }

  #setHalf(text: string, index: number): void {
    const half = this.#halves === 0 ? 'first' : 'second';
    const trailing = this.#mentions.flatMap(({ options }) =>
      options.filter((option) => option.chunk === this.#chunk && option.half === null),
    );
    // "pepperoni on one half": the half follows; "half pepperoni": it leads.
    const next = this.#spans[index + 1];
    const leads = !text.startsWith('on ') && next?.kind === 'menu' && next.meaning.options.length > 0;
    if (leads) {
      this.#half = half;
      this.#halves++;
      this.#chunk++;
      return;
    }
    if (trailing.length > 0 && this.#half === null) for (const option of trailing) option.half = half;
    else this.#half = half;
    this.#halves++;
    if (trailing.length > 0) this.#chunk++;
  }

  #clearHalf(): void {
    for (const { options } of this.#mentions)
      for (const option of options) if (option.chunk === this.#chunk) option.half = null;
    this.#half = null;
    this.#chunk++;
  }

  #word(span: Extract<Span, { kind: 'word' }>, index: number): void {
    switch (span.text) {
      case 'a':
      case 'an':
        this.#prefix = {
          ...noPrefix(),
          isMore: this.#prefix.isMore,
          isForAll: this.#prefix.isForAll,
          quantity: 1,
          isArticle: true,
          from: span.from,
        };
        this.#action = null;
        return;
      case 'the':
      case 'your':
      case 'that':
      case 'those':
      case 'these':
      case 'this':
        this.#prefix.isDefinite = true;
        this.#prefix.from ??= span.from;
        return;
      case 'with':
        this.#afterWith = true;
        this.#action = null;
        this.#isDenied = false;
        return;
      case 'and':
        this.#separate(index, 'and');
        return;
      case 'or':
        if (!this.#keepsAction) this.#action = null;
        return;
      case 'on':
      case 'for':
      case 'to':
      case 'in':
      case 'from':
        this.#preposition = leadsToItem(this.#spans, index);
        return;
      case 'of':
        return;
    }
    if (span.isKnown) {
      if (
        /^(?:order|orders|side|serving|portion|piece|pieces|slice|bottle|glass|pump|pumps|packet|packets|bag|box|cup)$/.test(
          span.text,
        )
      )
        return;
      const next = this.#spans[index + 1];
      // "a latte and a breakfast wrap": what follows in a list of products is one.
      const leadsToUnknown = next?.kind === 'word' && !next.isKnown && this.#mentions.some(({ item }) => item !== null);
      if (this.#prefix.isArticle && !leadsToUnknown) this.#prefix = noPrefix();
      return;
    }
    this.#unknown(span, index);
  }

  #unknown(span: Extract<Span, { kind: 'word' }>, index: number): void {
    if (span.text.length < 3 || /\d/.test(span.text)) return;
    const before = this.#spans[index - 1];
    if (before?.kind === 'word' && before.text === 'for') return;
    if (this.#spans.some((other) => other.kind === 'word' && other.text.startsWith('allerg'))) return;
    // "one clas, one classic": a word that was begun again.
    if (this.#spans.slice(index + 1, index + 5).some((other) => 'text' in other && other.text.startsWith(span.text)))
      return;
    const previousIsUnknown = before?.kind === 'word' && !before.isKnown;
    const next = this.#spans[index + 1];
    if (next?.kind === 'menu' && next.meaning.item !== null) return;
    const optionBefore =
      before?.kind === 'menu' && before.meaning.item === null && before.meaning.options.length > 0
        ? `${before.text} `
        : '';
    const target =
      this.#prefix.quantity !== null
        ? this.#isOrdered(before)
          ? this.#unknownItems
          : this.#doubtfulItems
        : this.#afterWith || this.#action !== null
          ? this.#unknownOptions
          : null;
    if (target === null) return;
    if (previousIsUnknown && target.length > 0) target[target.length - 1] += ` ${span.text}`;
    else target.push(this.#prefix.quantity !== null ? optionBefore + span.text : span.text);
    if (next?.kind !== 'word' || next.isKnown) {
      this.#prefix = noPrefix();
      if (target !== this.#unknownOptions) this.#current = null;
    }
  }

  /** A number counts products, and so does "an order of"; an article stands before anything. */
  #isOrdered(before: Span | undefined): boolean {
    return !this.#prefix.isArticle || (before?.kind === 'word' && before.text === 'of') || before?.kind === 'menu';
  }

  #separate(index: number, text: ',' | 'and'): void {
    const next = this.#spans[index + 1];
    this.#separator = this.#separator === 'and' ? 'and' : text;
    if (!this.#keepsAction) {
      this.#action = null;
      this.#isDenied = false;
    }
    if (text === ',') {
      if (this.#prefix.sizePhrase !== null && this.#prefix.quantity === null) this.#flushLoose();
      if (next?.kind === 'menu' && next.meaning.item !== null && next.meaning.options.length === 0)
        this.#afterWith = false;
    }
    const nextStaysHalf = next?.kind === 'menu' && next.meaning.options.length > 0;
    if (this.#half !== null && !(text === 'and' && nextStaysHalf)) this.#half = null;
    if (halfFollows(this.#spans, index)) return;
    this.#chunk++;
  }

  #endOptions(): void {
    this.#action = null;
    this.#keepsAction = false;
    this.#isDenied = false;
    this.#half = null;
    this.#afterWith = false;
    this.#preposition = false;
  }

  /** A size or "another" that no item followed. */
  #flushLoose(): void {
    const { sizePhrase, isMore, from } = this.#prefix;
    const isCount = this.#prefix.quantity !== null && !this.#prefix.isArticle && this.#mentions.length === 0;
    if (sizePhrase === null && !isMore && !isCount && this.#prefixOptions.length === 0) return;
    if (sizePhrase === null && isMore && this.#mentions.length > 0) return;
    const mention = this.#newMention(null, this.#prefix);
    mention.sizePhrase = sizePhrase;
    mention.to = (from ?? 0) + 1;
    mention.options.push(...this.#prefixOptions);
    this.#mentions.push(mention);
    this.#prefixOptions = [];
    this.#prefix = noPrefix();
  }

  #newMention(item: MenuItem | null, prefix: Prefix): MutableMention {
    return {
      item,
      noun: '',
      kind: [],
      quantity: prefix.quantity,
      isArticle: prefix.isArticle,
      isDefinite: prefix.isDefinite,
      isMore: prefix.isMore,
      isDenied: false,
      isForAll: prefix.isForAll,
      isSplit: false,
      followsWith: false,
      abuts: false,
      followsComma: false,
      size: null,
      sizePhrase: item === null ? prefix.sizePhrase : null,
      options: [],
      slotOf: null,
      slotId: null,
      slotWith: null,
      hasChoices: false,
      becomesCombo: false,
      from: prefix.from ?? this.#spans[0]?.from ?? 0,
      to: prefix.from ?? 0,
    };
  }
}

/** True where the mention itself, or the combo that it is a choice of, takes the option. */
function takesOwn({ item, isSplit, slotOf }: Mention, meaning: MenuMeaning): boolean {
  if (item === null || takes(item, meaning)) return true;
  return isSplit && slotOf?.item != null && takes(slotOf.item, meaning);
}
