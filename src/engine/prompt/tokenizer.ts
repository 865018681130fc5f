import { readFile } from 'node:fs/promises';
import { messageOf, SpeakerpostError } from '../../runtime/errors.ts';
import { segmentBpe } from './bpe.ts';
import { createNormalizer, spaceSign } from './normalizer.ts';
import { type Piece, parseTokenizerModel, type TokenizerModel } from './tokenizer-model.ts';
import { segmentUnigram } from './unigram.ts';

/** The text vocabulary of a checkpoint: text to token ids and back. */
export interface Tokenizer {
  readonly size: number;
  /** The token of text that the vocabulary does not have. */
  readonly unknownId: number;
  /** Token ids of `text`, without any begin or end token. */
  encode(text: string): number[];
  /** The piece of a token with U+2581 for a space; null where the id has none. */
  piece(id: number): string | null;
}

/** What the two ways of segmenting share. */
export interface Vocabulary {
  readonly pieces: readonly Piece[];
  readonly unknownId: number;
  /** Ids of the pieces that text can become: normal, user-defined and unused ones. */
  readonly ids: ReadonlyMap<string, number>;
  /** Longest first. */
  readonly userDefined: readonly string[];
  /** In UTF-16 units. */
  readonly longestPiece: number;
  /** Of the normal pieces; the greatest starts at the smallest float, as sentencepiece's does. */
  readonly minScore: number;
  readonly maxScore: number;
}

export interface Segment {
  readonly text: string;
  readonly id: number;
}

/** Reads a sentencepiece model file (unigram or BPE). Throws TOKENIZER_INVALID. */
export async function loadTokenizer(file: string): Promise<Tokenizer> {
  try {
    return createTokenizer(parseTokenizerModel(await readFile(file)));
  } catch (error) {
    throw new SpeakerpostError('TOKENIZER_INVALID', { file, reason: messageOf(error) }, error);
  }
}

/** The spoken text of a piece: U+2581 is a space (personaplex.md section 6). */
export function pieceText(piece: string): string {
  return piece.replaceAll(spaceSign, ' ');
}

export function createTokenizer(model: TokenizerModel): Tokenizer {
  const vocabulary = buildVocabulary(model);
  const normalize = createNormalizer(model.normalizer, vocabulary.userDefined);
  const segment = model.type === 'bpe' ? segmentBpe : segmentUnigram;
  const byteIds = new Map<number, number>();
  for (const [id, piece] of model.pieces.entries())
    if (piece.type === 'byte') byteIds.set(Number.parseInt(piece.text.slice(3, 5), 16), id);
  return {
    size: model.pieces.length,
    unknownId: model.unknownId,
    piece: (id) => model.pieces[id]?.text ?? null,
    encode(text) {
      const ids: number[] = [];
      let afterUnknown = false;
      for (const part of segment(vocabulary, normalize(text))) {
        const unknown = part.id === model.unknownId;
        if (unknown && model.byteFallback) {
          for (const byte of Buffer.from(part.text)) ids.push(byteIds.get(byte) ?? model.unknownId);
        } else if (!(unknown && afterUnknown)) {
          ids.push(part.id); // a run of unknown characters is one unknown token
        }
        afterUnknown = unknown;
      }
      return ids;
    },
  };
}

/** FLT_MIN. */
const smallestFloat = 1.1754943508222875e-38;

function buildVocabulary(model: TokenizerModel): Vocabulary {
  const ids = new Map<string, number>();
  const userDefined: string[] = [];
  let minScore = Number.POSITIVE_INFINITY;
  let maxScore = smallestFloat;
  for (const [id, piece] of model.pieces.entries()) {
    if (piece.type === 'user-defined') userDefined.push(piece.text);
    if (piece.type === 'normal') {
      minScore = Math.min(minScore, piece.score);
      maxScore = Math.max(maxScore, piece.score);
    }
    if (piece.type === 'normal' || piece.type === 'user-defined' || piece.type === 'unused') ids.set(piece.text, id);
  }
  return {
    pieces: model.pieces,
    unknownId: model.unknownId,
    ids,
    minScore,
    maxScore,
    userDefined: userDefined.sort((a, b) => b.length - a.length),
    longestPiece: Math.max(...[...ids.keys()].map((text) => text.length)),
  };
}
