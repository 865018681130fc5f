import type { Segment, Vocabulary } from './tokenizer.ts';

interface Symbol {
  text: string;
  /** A user-defined symbol is never merged. */
  readonly frozen: boolean;
  /** Score of merging with the next symbol; -Infinity where they make no piece. */
  mergeScore: number;
}

/**
 * Byte-pair encoding (Sennrich et al. 2016): of all neighbours that make a piece together, the best pair is merged, the leftmost of equals,
 * until none is left. Pieces marked unused are taken apart again the way they were put together (sentencepiece's bpe_model.cc).
 */
export function segmentBpe(vocabulary: Vocabulary, text: string): Segment[] {
  const symbols = splitCharacters(vocabulary, text);
  const madeOf = new Map<string, readonly [string, string]>();
  const rate = (index: number): void => {
    const left = symbols[index];
    const right = symbols[index + 1];
    if (left === undefined) return;
    left.mergeScore = Number.NEGATIVE_INFINITY;
    if (right === undefined || left.frozen || right.frozen) return;
    const merged = left.text + right.text;
    const id = vocabulary.ids.get(merged);
    const piece = id === undefined ? undefined : vocabulary.pieces[id];
    if (piece === undefined) return;
    left.mergeScore = piece.score;
    if (piece.type === 'unused') madeOf.set(merged, [left.text, right.text]);
  };
  for (let index = 0; index + 1 < symbols.length; index++) rate(index);
  for (let best = bestPair(symbols); best !== null; best = bestPair(symbols)) {
    const [right] = symbols.splice(best + 1, 1);
    const left = symbols[best];
    if (left === undefined || right === undefined) break;
    left.text += right.text;
    rate(best - 1);
    rate(best);
  }
  const takeApart = (piece: string): Segment[] => {
    const id = vocabulary.ids.get(piece) ?? vocabulary.unknownId;
    if (vocabulary.pieces[id]?.type !== 'unused') return [{ text: piece, id }];
    return madeOf.get(piece)?.flatMap(takeApart) ?? [{ text: piece, id: vocabulary.unknownId }];
  };
  return symbols.flatMap((symbol) => takeApart(symbol.text));
}

function bestPair(symbols: readonly Symbol[]): number | null {
  let best: number | null = null;
  let bestScore = Number.NEGATIVE_INFINITY;
  for (const [index, symbol] of symbols.entries()) {
    if (symbol.mergeScore > bestScore) {
      bestScore = symbol.mergeScore;
      best = index;
    }
  }
  return best;
}

function splitCharacters(vocabulary: Vocabulary, text: string): Symbol[] {
  const symbols: Symbol[] = [];
  for (let at = 0; at < text.length; ) {
    const known = vocabulary.userDefined.find((symbol) => text.startsWith(symbol, at));
    const part = known ?? String.fromCodePoint(text.codePointAt(at) ?? 0);
    symbols.push({ text: part, frozen: known !== undefined, mergeScore: Number.NEGATIVE_INFINITY });
    at += part.length;
  }
  return symbols;
}
