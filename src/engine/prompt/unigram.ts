import type { Segment, Vocabulary } from './tokenizer.ts';

/** How much worse than the worst piece a character without a piece is (unigram_model.cc, kUnkPenalty). */
const unknownPenalty = 10;

interface PathEnd {
  readonly start: number;
  readonly id: number;
  /** float32, as in sentencepiece: ties are decided by its rounding. */
  readonly score: number;
}

/**
 * The most likely segmentation (Kudo 2018, "Subword Regularization", section 3.2: Viterbi over a unigram language model), in the order
 * and precision of sentencepiece's EncodeOptimized.
 */
export function segmentUnigram(vocabulary: Vocabulary, text: string): Segment[] {
  const { minScore, maxScore } = vocabulary;
  const unknownScore = Math.fround(minScore - unknownPenalty);
  const ends: (PathEnd | undefined)[] = new Array(text.length + 1);
  const offer = (end: number, start: number, id: number, score: number): void => {
    const best = ends[end];
    if (best === undefined || score > best.score) ends[end] = { start, id, score: Math.fround(score) };
  };
  for (let start = 0; start < text.length; ) {
    const before = ends[start]?.score ?? 0;
    const characterLength = (text.codePointAt(start) ?? 0) > 0xffff ? 2 : 1;
    let characterKnown = false;
    const longest = Math.min(vocabulary.longestPiece, text.length - start);
    for (let length = 1; length <= longest; length++) {
      const id = vocabulary.ids.get(text.substr(start, length));
      const piece = id === undefined ? undefined : vocabulary.pieces[id];
      if (id === undefined || piece === undefined || piece.type === 'unused') continue;
      const score =
        piece.type === 'user-defined' ? Math.fround(Buffer.byteLength(piece.text) * maxScore) - 0.1 : piece.score;
      offer(start + length, start, id, score + before);
      if (length === characterLength) characterKnown = true;
    }
    if (!characterKnown)
      offer(start + characterLength, start, vocabulary.unknownId, Math.fround(unknownScore + before));
    start += characterLength;
  }
  const segments: Segment[] = [];
  for (let end = text.length; end > 0; ) {
    const path = ends[end];
    if (path === undefined) throw new RangeError('no path through the text'); // every character has at least the unknown piece
    segments.push({ text: text.slice(path.start, end), id: path.id });
    end = path.start;
  }
  return segments.reverse();
}
