import type { Span } from './clause.ts';
import { type MentionDraft, noPrefix } from './mention-draft.ts';

/** Notes a word that the menu lacks where a product or an option should stand. */
export function readUnknown(draft: MentionDraft, span: Extract<Span, { kind: 'word' }>, index: number): void {
  if (span.text.length < 3 || /\d/.test(span.text)) return;
  const before = draft.spans[index - 1];
  if (before?.kind === 'word' && before.text === 'for') return;
  if (draft.spans.some((other) => other.kind === 'word' && other.text.startsWith('allerg'))) return;
  // "one clas, one classic": a word that was begun again.
  if (draft.spans.slice(index + 1, index + 5).some((other) => 'text' in other && other.text.startsWith(span.text)))
    return;
  const previousIsUnknown = before?.kind === 'word' && !before.isKnown;
  const next = draft.spans[index + 1];
  if (next?.kind === 'menu' && next.meaning.item !== null) return;
  const optionBefore =
    before?.kind === 'menu' && before.meaning.item === null && before.meaning.options.length > 0
      ? `${before.text} `
      : '';
  const target =
    draft.prefix.quantity !== null
      ? isOrdered(draft, before) && !span.isOfMenu
        ? draft.unknownItems
        : draft.doubtfulItems
      : draft.afterWith || draft.action !== null
        ? draft.unknownOptions
        : null;
  if (target === null) return;
  // "an order of mozzarella sticks": the second word goes on where the first one went.
  const goesOn = previousIsUnknown
    ? [draft.unknownItems, draft.doubtfulItems, draft.unknownOptions].find((words) =>
        words.at(-1)?.endsWith(before.text),
      )
    : undefined;
  if (goesOn !== undefined) goesOn[goesOn.length - 1] += ` ${span.text}`;
  else target.push(draft.prefix.quantity !== null ? optionBefore + span.text : span.text);
  if (next?.kind !== 'word' || next.isKnown) {
    draft.prefix = noPrefix();
    if (target !== draft.unknownOptions) draft.current = null;
  }
}

/** A number counts products, and so does "an order of"; an article stands before anything. */
function isOrdered(draft: MentionDraft, before: Span | undefined): boolean {
  return !draft.prefix.isArticle || (before?.kind === 'word' && before.text === 'of') || before?.kind === 'menu';
}
