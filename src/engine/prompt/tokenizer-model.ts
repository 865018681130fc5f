import { type ProtobufField, protobufFields } from './protobuf.ts';

/** `SentencePiece.Type` of sentencepiece_model.proto. */
export type PieceType = 'normal' | 'unknown' | 'control' | 'user-defined' | 'unused' | 'byte';

export interface Piece {
  readonly text: string;
  /** A log probability (unigram) or the negated rank of the merge (BPE); float32. */
  readonly score: number;
  readonly type: PieceType;
}

export interface NormalizerSpec {
  /** The rules as a double-array trie and its strings; empty: text stays as it is. */
  readonly precompiledCharsmap: Uint8Array;
  readonly addDummyPrefix: boolean;
  readonly removeExtraWhitespaces: boolean;
  readonly escapeWhitespaces: boolean;
  /** The dummy "prefix" goes to the end of the text instead. */
  readonly whitespaceAsSuffix: boolean;
}

export interface TokenizerModel {
  readonly type: 'unigram' | 'bpe';
  readonly byteFallback: boolean;
  readonly unknownId: number;
  /** By id. */
  readonly pieces: readonly Piece[];
  readonly normalizer: NormalizerSpec;
}

const pieceTypes: readonly (PieceType | undefined)[] = [
  undefined,
  'normal',
  'unknown',
  'control',
  'user-defined',
  'unused',
  'byte',
];

/**
 * Reads a `ModelProto` (sentencepiece_model.proto: pieces = 1, trainer_spec = 2, normalizer_spec = 3). Throws RangeError with the
 * reason where it is none, or of the word or char type, which no published checkpoint uses.
 */
export function parseTokenizerModel(file: Uint8Array): TokenizerModel {
  const pieces: Piece[] = [];
  let trainer: Uint8Array = new Uint8Array();
  let normalizer: Uint8Array = new Uint8Array();
  for (const field of protobufFields(file)) {
    if (field.field === 1) pieces.push(parsePiece(bytesOf(field), pieces.length));
    else if (field.field === 2) trainer = bytesOf(field);
    else if (field.field === 3) normalizer = bytesOf(field);
  }
  if (pieces.length === 0) throw new RangeError('it holds no pieces');
  const training = numbersOf(trainer);
  const modelType = training.get(3) ?? 1;
  if (modelType !== 1 && modelType !== 2) throw new RangeError(`model type ${modelType} is neither unigram nor BPE`);
  const unknownId = pieces.findIndex((piece) => piece.type === 'unknown');
  if (unknownId < 0) throw new RangeError('it holds no piece for unknown text');
  const byteFallback = training.get(35) === 1;
  if (byteFallback && pieces.filter((piece) => piece.type === 'byte').length !== 256)
    throw new RangeError('it falls back to bytes but does not hold 256 byte pieces');
  return {
    type: modelType === 1 ? 'unigram' : 'bpe',
    byteFallback,
    unknownId,
    pieces,
    normalizer: parseNormalizer(normalizer, training.get(24) === 1),
  };
}

function parsePiece(message: Uint8Array, id: number): Piece {
  let text = '';
  let score = 0;
  let typeNumber = 1;
  for (const field of protobufFields(message)) {
    if (field.field === 1) text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytesOf(field));
    else if (field.field === 2 && field.kind === 'float') score = field.value;
    else if (field.field === 3 && field.kind === 'varint') typeNumber = field.value;
  }
  const type = pieceTypes[typeNumber];
  if (type === undefined || text === '')
    throw new RangeError(`piece ${id} is empty or of the unknown type ${typeNumber}`);
  return { text, score, type };
}

function parseNormalizer(message: Uint8Array, whitespaceAsSuffix: boolean): NormalizerSpec {
  let precompiledCharsmap: Uint8Array = new Uint8Array();
  for (const field of protobufFields(message)) if (field.field === 2) precompiledCharsmap = bytesOf(field);
  const flags = numbersOf(message);
  return {
    precompiledCharsmap,
    addDummyPrefix: flags.get(3) !== 0,
    removeExtraWhitespaces: flags.get(4) !== 0,
    escapeWhitespaces: flags.get(5) !== 0,
    whitespaceAsSuffix,
  };
}

function numbersOf(message: Uint8Array): Map<number, number> {
  const numbers = new Map<number, number>();
  for (const field of protobufFields(message)) if (field.kind === 'varint') numbers.set(field.field, field.value);
  return numbers;
}

function bytesOf(field: ProtobufField): Uint8Array {
  if (field.kind !== 'bytes') throw new RangeError(`field ${field.field} is a number where a message should be`);
  return field.value;
}
