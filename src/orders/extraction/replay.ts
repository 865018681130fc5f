import type { AgentWord, OrderExtractor, OrderSnapshot } from '../contract.ts';

/** Longer than any gap inside a turn. */
const BETWEEN_TURNS_MS = 1_000;

/**
 * Reads stored words as if they were spoken again: the orders that a call's transcript gives. Turns are kept apart and times
 * kept in order; only the gaps between turns are set anew.
 */
export function replayWords(extractor: OrderExtractor, words: readonly AgentWord[]): readonly OrderSnapshot[] {
  let shiftMs = 0;
  let lastMs = 0;
  let turn = words[0]?.turn ?? 0;
  for (const word of words) {
    if (word.turn !== turn) {
      turn = word.turn;
      shiftMs = lastMs + BETWEEN_TURNS_MS - word.fromMs;
      extractor.push({ piece: null, atMs: lastMs + BETWEEN_TURNS_MS });
    }
    // First and last moment of the word: a long word must not look like a pause.
    const [first = '', ...rest] = word.text;
    extractor.push({ piece: ` ${first}`, atMs: word.fromMs + shiftMs });
    lastMs = Math.max(lastMs, word.toMs + shiftMs);
    extractor.push({ piece: rest.join(''), atMs: lastMs });
  }
  extractor.end(lastMs + BETWEEN_TURNS_MS, 'left');
  return extractor.orders;
}
