import type { MenuItem } from '../menu/menu.ts';
import type { Span } from './clause.ts';
import type { Naming } from './enumeration.ts';
import { takes } from './line-matching.ts';
import { itemAhead } from './look-ahead.ts';
import type { Mention, MentionedOption, ModifierAction } from './mention.ts';
import type { MenuMeaning, Vocabulary } from './vocabulary.ts';

export type MutableMention = { -readonly [Key in keyof Mention]: Mention[Key] };

/** What was said before the item that it leads to: a large, another two. */
export interface Prefix {
  quantity: number | null;
  isArticle: boolean;
  isDefinite: boolean;
  isMore: boolean;
  isForAll: boolean;
  sizePhrase: string | null;
  from: number | null;
}

export const noPrefix = (): Prefix => ({
  quantity: null,
  isArticle: false,
  isDefinite: false,
  isMore: false,
  isForAll: false,
  sizePhrase: null,
  from: null,
});

/** What has been read of a segment so far: the mentions, and how the next word is meant. */
export class MentionDraft {
  readonly vocabulary: Vocabulary;
  readonly spans: readonly Span[];
  readonly mentions: MutableMention[] = [];
  readonly namings = new Map<Mention, Naming>();
  readonly unknownItems: string[] = [];
  readonly doubtfulItems: string[] = [];
  readonly unknownOptions: string[] = [];
  readonly misfitOptions: string[] = [];
  /** The mention that particulars go to. */
  current: MutableMention | null = null;
  /** The combo whose choices may follow. */
  combo: MutableMention | null = null;
  prefix = noPrefix();
  prefixOptions: MentionedOption[] = [];
  /** "no", "extra": of the next option; `keepsAction`: of the whole list. */
  action: ModifierAction | null = null;
  keepsAction = false;
  isDenied = false;
  half: 'first' | 'second' | null = null;
  halves = 0;
  afterWith = false;
  /** Options said without a break share a chunk: "pepperoni and ham on one half" is of both. */
  chunk = 0;
  /** "on the burger": an item follows that the chunk belongs to. */
  preposition = false;
  separator: ',' | 'and' | null = null;

  constructor(vocabulary: Vocabulary, spans: readonly Span[]) {
    this.vocabulary = vocabulary;
    this.spans = spans;
  }

  itemAhead(index: number): MenuItem | null {
    const joins = this.prefix.quantity !== null && this.action === null && !this.afterWith;
    return itemAhead(this.spans, index, joins, this.prefix.sizePhrase !== null);
  }

  /** An earlier item of the segment that takes the option, where the last one does not. */
  takerOf(meaning: MenuMeaning): MutableMention | null {
    return this.mentions.findLast(({ item }) => item !== null && takes(item, meaning)) ?? null;
  }

  endOptions(): void {
    this.action = null;
    this.keepsAction = false;
    this.isDenied = false;
    this.half = null;
    this.afterWith = false;
    this.preposition = false;
  }

  newMention(item: MenuItem | null, prefix: Prefix): MutableMention {
    return {
      item,
      noun: '',
      sameOptions: [],
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
      from: prefix.from ?? this.spans[0]?.from ?? 0,
      to: prefix.from ?? 0,
    };
  }
}
