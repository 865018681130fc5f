import type { Span } from './clause.ts';
import { readCue } from './cue-reader.ts';
import { splitChoices, withoutHeads } from './enumeration.ts';
import { readItem, readKind } from './item-reader.ts';
import { halfFollows, leadsToItem } from './look-ahead.ts';
import type { Mention } from './mention.ts';
import { MentionDraft, noPrefix } from './mention-draft.ts';
import { readNumber } from './number-reader.ts';
import { isOption, readOption } from './option-reader.ts';
import { readUnknown } from './unknown-words.ts';
import type { Vocabulary } from './vocabulary.ts';

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

/** Reads the spans of one segment from left to right; particulars go to the item before them, or to the one they lead to. */
export class MentionParser {
  readonly #draft: MentionDraft;

  constructor(vocabulary: Vocabulary, spans: readonly Span[]) {
    this.#draft = new MentionDraft(vocabulary, spans);
  }

  parse(): ParsedMentions {
    for (const [index, span] of this.#draft.spans.entries()) this.#read(span, index);
    this.#flushLoose();
    const sizes = this.#draft.mentions.filter(
      ({ item, quantity, sizePhrase, isMore }) => item === null && quantity !== null && sizePhrase !== null && !isMore,
    );
    if (sizes.length > 1) for (const size of sizes) size.isSplit = true;
    const mentions = splitChoices(withoutHeads(this.#draft.mentions, this.#draft.namings));
    return {
      mentions,
      unknownItems: this.#draft.unknownItems,
      doubtfulItems: this.#draft.doubtfulItems,
      unknownOptions: this.#draft.unknownOptions,
      misfitOptions: this.#draft.misfitOptions,
    };
  }

  #read(span: Span, index: number): void {
    switch (span.kind) {
      case 'number':
        readNumber(this.#draft, span.value, span, index);
        return;
      case 'menu':
        this.#menu(span, index);
        return;
      case 'cue':
        readCue(this.#draft, span, index);
        return;
      case 'mark':
        this.#separate(index, ',');
        return;
      case 'word':
        this.#word(span, index);
        return;
      case 'money':
        this.#draft.endOptions();
    }
  }

  #menu(span: Extract<Span, { kind: 'menu' }>, index: number): void {
    const { meaning } = span;
    if (meaning.isStore && meaning.item === null) {
      this.#draft.prefix = noPrefix();
      return;
    }
    if (meaning.isSize && this.#size(span, index)) return;
    if (meaning.options.length > 0 && isOption(this.#draft, meaning, index)) {
      readOption(this.#draft, span, index);
      return;
    }
    if (meaning.item !== null) {
      readItem(this.#draft, meaning.item, span, index);
      return;
    }
    if (meaning.kind.length > 0) readKind(this.#draft, span, index);
  }

  #size(span: Extract<Span, { kind: 'menu' }>, index: number): boolean {
    const ahead = this.#draft.itemAhead(index);
    if (ahead !== null) {
      if (this.#draft.vocabulary.sizeOf(ahead, span.text) === null)
        return span.meaning.item === null && span.meaning.options.length === 0;
      this.#draft.prefix.sizePhrase = span.text;
      this.#draft.prefix.from ??= span.from;
      return true;
    }
    const current = this.#draft.current;
    if (current?.item && this.#draft.prefix.quantity === null) {
      const size = this.#draft.vocabulary.sizeOf(current.item, span.text);
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
      this.#draft.prefix.sizePhrase = span.text;
      this.#draft.prefix.from ??= span.from;
    }
    return true;
  }

  #word(span: Extract<Span, { kind: 'word' }>, index: number): void {
    switch (span.text) {
      case 'a':
      case 'an':
        this.#draft.prefix = {
          ...noPrefix(),
          isMore: this.#draft.prefix.isMore,
          isForAll: this.#draft.prefix.isForAll,
          quantity: 1,
          isArticle: true,
          from: span.from,
        };
        this.#draft.action = null;
        return;
      case 'the':
      case 'your':
      case 'that':
      case 'those':
      case 'these':
      case 'this':
        this.#draft.prefix.isDefinite = true;
        this.#draft.prefix.from ??= span.from;
        return;
      case 'with':
        this.#draft.afterWith = true;
        this.#draft.action = null;
        this.#draft.isDenied = false;
        return;
      case 'and':
        this.#separate(index, 'and');
        return;
      case 'or':
        if (!this.#draft.keepsAction) this.#draft.action = null;
        return;
      case 'on':
      case 'for':
      case 'to':
      case 'in':
      case 'from':
        this.#draft.preposition = leadsToItem(this.#draft.spans, index);
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
      // "one second", "five minutes": nothing of the order is counted.
      if (
        /^(?:second|seconds|sec|minute|minutes|moment|question|thing|things|time|times|person|people|window|check|checks|name)$/.test(
          span.text,
        )
      )
        this.#draft.prefix = noPrefix();
      const next = this.#draft.spans[index + 1];
      // "a latte and a breakfast wrap": what follows in a list of products is one.
      const leadsToUnknown =
        next?.kind === 'word' && !next.isKnown && this.#draft.mentions.some(({ item }) => item !== null);
      if (this.#draft.prefix.isArticle && !leadsToUnknown) this.#draft.prefix = noPrefix();
      return;
    }
    readUnknown(this.#draft, span, index);
  }

  #separate(index: number, text: ',' | 'and'): void {
    const next = this.#draft.spans[index + 1];
    this.#draft.separator = this.#draft.separator === 'and' ? 'and' : text;
    if (!this.#draft.keepsAction) {
      this.#draft.action = null;
      this.#draft.isDenied = false;
    }
    if (this.#draft.prefix.sizePhrase !== null && this.#isSizeList(next)) this.#flushLoose();
    if (text === ',') {
      if (this.#draft.prefix.sizePhrase !== null && this.#draft.prefix.quantity === null) this.#flushLoose();
      if (next?.kind === 'menu' && next.meaning.item !== null && next.meaning.options.length === 0)
        this.#draft.afterWith = false;
    }
    const nextStaysHalf = next?.kind === 'menu' && next.meaning.options.length > 0;
    if (this.#draft.half !== null && !(text === 'and' && nextStaysHalf)) this.#draft.half = null;
    if (halfFollows(this.#draft.spans, index)) return;
    this.#draft.chunk++;
  }

  /** "one large, one small": sizes of what was counted before. */
  #isSizeList(next: Span | undefined): boolean {
    const goesOn = next?.kind === 'number' || (next?.kind === 'word' && /^an?$/.test(next.text));
    return goesOn && !this.#draft.spans.some((span) => span.kind === 'menu' && span.meaning.item !== null);
  }

  /** A size or "another" that no item followed. */
  #flushLoose(): void {
    const { sizePhrase, isMore, from } = this.#draft.prefix;
    const isCount =
      this.#draft.prefix.quantity !== null && !this.#draft.prefix.isArticle && this.#draft.mentions.length === 0;
    if (sizePhrase === null && !isMore && !isCount && this.#draft.prefixOptions.length === 0) return;
    if (sizePhrase === null && isMore && this.#draft.mentions.length > 0) return;
    const mention = this.#draft.newMention(null, this.#draft.prefix);
    mention.sizePhrase = sizePhrase;
    mention.to = (from ?? 0) + 1;
    mention.options.push(...this.#draft.prefixOptions);
    this.#draft.mentions.push(mention);
    this.#draft.prefixOptions = [];
    this.#draft.prefix = noPrefix();
  }
}
