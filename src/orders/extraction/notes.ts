import type { TicketNote } from '../ticket.ts';

const allergy = /\ballerg/i;
const preparations = [
  /\bwell[- ]done\b/i,
  /\bmedium[- ]rare\b/i,
  /\b(?:cut|sliced)\s+(?:it\s+|them\s+|that\s+)?(?:in|into)\s+\w+(?:\s+slices|\s+pieces)?/i,
  /\b(?:lightly|extra)\s+(?:cooked|crispy|toasted|baked)\b/i,
  /\b(?:separate|different)\s+bags?\b/i,
  /\bbag(?:s|ged)?\s+separately\b/i,
  /\b(?:extra|some)\s+(?:napkins|utensils|forks|spoons|straws)\b/i,
  /\bno\s+(?:straws?|lids?|utensils|napkins|receipt)\b/i,
  /\buncut\b/i,
];

/** Remarks to the kitchen in a sentence: allergies with the whole sentence, preparation with its own words. */
export function notesOf(sentence: string): readonly TicketNote[] {
  const notes: TicketNote[] = [];
  if (allergy.test(sentence)) notes.push({ kind: 'allergy', text: sentence.slice(0, 200) });
  for (const pattern of preparations) {
    const found = pattern.exec(sentence);
    if (found !== null) notes.push({ kind: 'preparation', text: found[0] });
  }
  return notes;
}
