import type { Span } from './clause.ts';
import { deniesList, leadsToCount } from './look-ahead.ts';
import { type MentionDraft, noPrefix } from './mention-draft.ts';
import { moveToPart, readNumber, startSplit } from './number-reader.ts';
import { chunkToAll, clearHalf, setHalf } from './option-scope.ts';

/** What a cue does to the words around it. */
export function readCue(draft: MentionDraft, span: Extract<Span, { kind: 'cue' }>, index: number): void {
  switch (span.cue) {
    case 'couple':
      readNumber(draft, 2, span, index);
      return;
    case 'dozen':
      readNumber(draft, (draft.prefix.isArticle ? 1 : (draft.prefix.quantity ?? 1)) * 12, span, index);
      return;
    case 'half-dozen':
      readNumber(draft, 6, span, index);
      return;
    case 'more':
      draft.prefix = {
        ...noPrefix(),
        quantity: draft.prefix.quantity ?? 1,
        isMore: true,
        from: draft.prefix.from ?? span.from,
      };
      return;
    case 'all':
      if (/^(?:on|for) /.test(span.text)) chunkToAll(draft);
      else draft.prefix.isForAll = true;
      return;
    case 'split':
    case 'other-half':
      if (draft.halves > 0) setHalf(draft, span.text, index);
      else if (isPartOther(draft, span.text)) moveToPart(draft, 1, span);
      else if (/^the (?:other|1|first|second|third|last)/.test(span.text)) startSplit(draft, 1, span.from, span.to);
      else draft.prefix.isDefinite = true;
      return;
    case 'half':
      setHalf(draft, span.text, index);
      return;
    case 'whole':
      clearHalf(draft);
      return;
    case 'no':
      // "a six piece, no, ten piece": what was said before was wrong.
      if (leadsToCount(draft.spans[index + 1])) {
        draft.prefix = noPrefix();
        return;
      }
      draft.chunk++;
      draft.action = 'no';
      draft.keepsAction = deniesList(draft.spans, index);
      return;
    case 'not':
      draft.isDenied = true;
      return;
    case 'extra':
    case 'light':
      draft.chunk++;
      draft.action = span.cue;
      draft.keepsAction = false;
      return;
    case 'side': {
      const owner = draft.mentions.findLast(({ options }) => options.length > 0);
      const last = owner?.options.at(-1);
      if (last !== undefined && last.action === 'add') last.action = 'side';
      return;
    }
    case 'combo': {
      const item = draft.current?.item ?? null;
      if (item !== null && draft.current !== null && item.combo === null) draft.current.becomesCombo = true;
      else if (item === null) readUpgrade(draft, span);
      return;
    }
    case 'undo-combo': {
      const mention = draft.newMention(null, { ...noPrefix(), from: span.from });
      mention.kind = draft.vocabulary.menu.items.filter(({ combo }) => combo !== null);
      mention.isDenied = true;
      mention.to = span.to;
      draft.mentions.push(mention);
      draft.current = null;
    }
  }
}

/** "no onions on one, no pickles on the other" */
function isPartOther({ mentions, chunk }: MentionDraft, text: string): boolean {
  return (
    text.startsWith('on ') &&
    mentions.some(({ isSplit }) => isSplit) &&
    mentions.some(({ options }) => options.some((option) => option.chunk === chunk))
  );
}

function readUpgrade(draft: MentionDraft, span: Span): void {
  const mention = draft.newMention(null, draft.prefix);
  mention.becomesCombo = true;
  mention.to = span.to;
  if (draft.prefix.sizePhrase !== null) mention.sizePhrase = draft.prefix.sizePhrase;
  draft.mentions.push(mention);
  draft.current = mention;
  draft.prefix = noPrefix();
}
