import { ProtobufWriter } from '../onnx/protobuf.ts';

/** Numbers of `SentencePiece.Type` and `TrainerSpec.ModelType` (sentencepiece_model.proto). */
const unknownPiece = 2;
const controlPiece = 3;
const normalPiece = 1;
const unigram = 1;
const letters = '▁abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,?!\'"-:;$%&()/<>';

/** A sentencepiece model of `size` pieces: control pieces in the published places, letters, then words that say nothing. */
export function encodeTokenizer(size: number): Uint8Array {
  const model = new ProtobufWriter();
  const piece = (text: string, type: number, rank: number) =>
    model.message(1, new ProtobufWriter().text(1, text).float(2, -rank).integer(3, type));
  const special = ['<unk>', '<s>', '</s>', '<pad>'];
  for (let id = 0; id < size; id++) {
    const text = special[id] ?? letters[id - special.length] ?? `▁word${id}`;
    piece(text, id === 0 ? unknownPiece : id < special.length ? controlPiece : normalPiece, id / 1000);
  }
  return model.message(2, new ProtobufWriter().integer(3, unigram)).finish();
}
