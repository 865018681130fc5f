import type { MentionedOption } from './mention.ts';
import { type MentionDraft, type MutableMention, noPrefix } from './mention-draft.ts';

/** "five crunchy tacos and three soft tacos, all beef": the option is everyone's. */
export function moveToAll(draft: MentionDraft, option: MentionedOption): void {
  const owner = draft.mentions.find((mention) => mention.options.includes(option));
  if (owner !== undefined && owner.item !== null) owner.options.splice(owner.options.indexOf(option), 1);
  if (owner?.item === null && (!owner.isSplit || owner.options.length === 1)) {
    owner.isForAll = true;
    return;
  }
  if (owner !== undefined && owner.item === null) owner.options.splice(owner.options.indexOf(option), 1);
  const all = draft.newMention(null, { ...noPrefix(), isForAll: true });
  all.options.push(option);
  draft.mentions.push(all);
  draft.current = all;
  draft.prefix = { ...noPrefix(), isForAll: true };
}

/** "no onions on both": what this chunk holds is everyone's. */
export function chunkToAll(draft: MentionDraft): void {
  for (const mention of [...draft.mentions]) {
    for (const option of mention.options.filter(({ chunk }) => chunk === draft.chunk)) moveToAll(draft, option);
  }
}

/** "no onions on the bacon burger": what this chunk holds belongs to the item after "on". */
export function moveChunk(draft: MentionDraft, mention: MutableMention): void {
  for (const other of draft.mentions) {
    const moved = other.options.filter(({ chunk }) => chunk === draft.chunk);
    mention.options.push(...moved);
    for (const option of moved) other.options.splice(other.options.indexOf(option), 1);
    if (moved.length > 0) mention.isDefinite = true;
  }
  for (let at = draft.mentions.length - 1; at >= 0; at--) {
    const other = draft.mentions[at];
    if (
      other !== undefined &&
      other.item === null &&
      other.options.length === 0 &&
      other.sizePhrase === null &&
      !other.becomesCombo
    )
      draft.mentions.splice(at, 1);
  }
}

/** "half", "on the other half": of the options around it. */
export function setHalf(draft: MentionDraft, text: string, index: number): void {
  const half = draft.halves === 0 ? 'first' : 'second';
  const trailing = draft.mentions.flatMap(({ options }) =>
    options.filter((option) => option.chunk === draft.chunk && option.half === null),
  );
  // "pepperoni on one half": the half follows; "half pepperoni": it leads.
  const next = draft.spans[index + 1];
  const leads = !text.startsWith('on ') && next?.kind === 'menu' && next.meaning.options.length > 0;
  if (leads) {
    draft.half = half;
    draft.halves++;
    draft.chunk++;
    return;
  }
  if (trailing.length > 0 && draft.half === null) for (const option of trailing) option.half = half;
  else draft.half = half;
  draft.halves++;
  if (trailing.length > 0) draft.chunk++;
}

/** "on the whole thing" */
export function clearHalf(draft: MentionDraft): void {
  for (const { options } of draft.mentions)
    for (const option of options) if (option.chunk === draft.chunk) option.half = null;
  draft.half = null;
  draft.chunk++;
}
