import type { MenuItem, MenuOption } from '../menu/menu.ts';

export type ModifierAction = 'add' | 'no' | 'extra' | 'light' | 'side';

export interface MentionedOption {
  /** The options of this name, one a group; the item that takes it decides. */
  readonly options: readonly MenuOption[];
  action: ModifierAction;
  half: 'first' | 'second' | null;
  readonly chunk: number;
}

/** One thing said of the order: an item with its particulars, or (item null) particulars of something said before. */
export interface Mention {
  readonly item: MenuItem | null;
  /** The words that named the item. */
  readonly noun: string;
  /** Options that the same words name: "guac". */
  readonly sameOptions: readonly MenuOption[];
  /** Items of a kind ("the shakes"), where the word names no single item. */
  readonly kind: readonly MenuItem[];
  /** null: none was said. */
  quantity: number | null;
  /** "a", "an": weaker than a number. */
  readonly isArticle: boolean;
  /** "the", "your", "that". */
  readonly isDefinite: boolean;
  /** "another". */
  readonly isMore: boolean;
  /** "no nachos": not wanted. */
  readonly isDenied: boolean;
  /** "both with", "all beef". */
  readonly isForAll: boolean;
  /** "one with cheese": so many of what was said before. */
  readonly isSplit: boolean;
  /** "with a coke" at the head of a segment. */
  readonly followsWith: boolean;
  /** Nothing stands between it and the item before: "a coke a large coke" is one. */
  readonly abuts: boolean;
  /** Nothing but a comma does: "a double, a double cheeseburger". */
  readonly followsComma: boolean;
  size: string | null;
  /** The size's words, for an item that is found later. */
  sizePhrase: string | null;
  readonly options: MentionedOption[];
  /** The combo of the same segment whose slot it may fill. */
  readonly slotOf: Mention | null;
  readonly slotId: string | null;
  /** "one with a coke and fries": the choice said before it, whose combos it belongs to. */
  readonly slotWith: Mention | null;
  /** A combo whose choices follow. */
  readonly hasChoices: boolean;
  /** "make it a combo". */
  becomesCombo: boolean;
  /** Tokens of the clause. */
  readonly from: number;
  to: number;
}
