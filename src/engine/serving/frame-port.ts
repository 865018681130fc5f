import { z } from 'zod';
import { errorTable } from '../../runtime/error-table.ts';
import { type ErrorCode, type ErrorRecord, SpeakerpostError } from '../../runtime/errors.ts';
import { frameSamples } from '../checkpoint/configuration.ts';
import type { AgentFrame } from '../contract.ts';

/**
 * The frame port: what a client and the engine process say to each other over a Unix-domain socket. Little-endian; a message is
 *
 * ```
 *  0          4      5
 * +----------+------+----------------------+
 * | length   | type | body                 |   length counts type and body
 * +----------+------+----------------------+
 *
 * client to engine                                                           engine to client
 *  1 open    | conversation u32 | seed f64 | see below |                     16 hello   | "SPF3" | text lead ms u32 | lanes u16 |
 *  2 user    | conversation u32 | frame u32 | 1920 x f32   |                 17 opened  | conversation u32 | lane u16 |
 *  3 close   | conversation u32 |                                            18 refused | conversation u32 | error JSON |
 *  4 say     | conversation u32 | saying u32 | words UTF-8 |                 19 agent   | see below |
 *                                                                            20 failed  | conversation u32 | error JSON |
 *                                                                            21 said    | conversation u32 | saying u32 | error JSON |
 *
 *   1 open: | ... | persona bytes u16 | persona UTF-8 | log file UTF-8 |      no log file: 0 bytes
 *  21 said: the words have sounded, or with an error: they never will; without one: 0 bytes
 *  19 agent: | conversation u32 | frame u32 | text token i32 | wait ms f32 | run ms f32 | piece bytes u16 | piece UTF-8 | 1920 x f32 |
 *            piece bytes 65535: no piece (padding)
 * ```
 * The client numbers its conversations; a number is never used twice on a connection, so a late message of an ended conversation cannot
 * reach the next one on the same lane.
 */
export type ClientMessage =
  | {
      readonly kind: 'open';
      readonly conversation: number;
      readonly seed: number;
      readonly persona: string;
      readonly logFile: string | null;
    }
  | { readonly kind: 'user'; readonly conversation: number; readonly frame: number; readonly samples: Float32Array }
  | { readonly kind: 'say'; readonly conversation: number; readonly saying: number; readonly words: string }
  | { readonly kind: 'close'; readonly conversation: number };

export type EngineMessage =
  | { readonly kind: 'hello'; readonly textLeadMs: number; readonly lanes: number }
  | { readonly kind: 'opened'; readonly conversation: number; readonly lane: number }
  | { readonly kind: 'refused'; readonly conversation: number; readonly error: ErrorRecord }
  | { readonly kind: 'agent'; readonly conversation: number; readonly frame: AgentFrame }
  | {
      readonly kind: 'said';
      readonly conversation: number;
      readonly saying: number;
      readonly error: ErrorRecord | null;
    }
  | { readonly kind: 'failed'; readonly conversation: number; readonly error: ErrorRecord };

const sampleBytes = frameSamples * 4;
const magic = 'SPF3';
const noPiece = 0xffff;
/** Bytes of a persona's name with a log file's, of words to say, of an error, of a piece. */
export const longestText = 4096;
/** Type, the fixed part of an agent frame, a piece and the samples. */
export const longestMessage = 1 + 22 + longestText + sampleBytes;

const types = {
  open: 1,
  user: 2,
  close: 3,
  say: 4,
  hello: 16,
  opened: 17,
  refused: 18,
  agent: 19,
  failed: 20,
  said: 21,
} as const;

export function encodeClientMessage(message: ClientMessage): Buffer {
  switch (message.kind) {
    case 'open': {
      const persona = Buffer.from(message.persona);
      const logFile = Buffer.from(message.logFile ?? '');
      if (persona.length + logFile.length > longestText)
        throw new RangeError('the names in an open message are too long');
      const body = start(types.open, 14 + persona.length + logFile.length, message.conversation);
      body.writeDoubleLE(message.seed, 9);
      body.writeUInt16LE(persona.length, 17);
      persona.copy(body, 19);
      logFile.copy(body, 19 + persona.length);
      return body;
    }
    case 'user': {
      const body = start(types.user, 8 + sampleBytes, message.conversation);
      body.writeUInt32LE(message.frame, 9);
      writeSamples(body, 13, message.samples);
      return body;
    }
    case 'say': {
      const words = Buffer.from(message.words);
      if (words.length > longestText) throw new RangeError(`words of more than ${longestText} bytes`);
      const body = start(types.say, 8 + words.length, message.conversation);
      body.writeUInt32LE(message.saying, 9);
      words.copy(body, 13);
      return body;
    }
    case 'close':
      return start(types.close, 4, message.conversation);
  }
}

/** @param allocate for a message of so many bytes; it may hold anything */
export function encodeEngineMessage(message: EngineMessage, allocate = Buffer.allocUnsafe): Buffer {
  switch (message.kind) {
    case 'hello': {
      const bytes = start(types.hello, 10, 0);
      bytes.write(magic, 5, 'latin1');
      bytes.writeUInt32LE(message.textLeadMs, 9);
      bytes.writeUInt16LE(message.lanes, 13);
      return bytes;
    }
    case 'opened': {
      const bytes = start(types.opened, 6, message.conversation);
      bytes.writeUInt16LE(message.lane, 9);
      return bytes;
    }
    case 'refused':
    case 'failed': {
      const error = Buffer.from(JSON.stringify(message.error));
      if (error.length > longestText) return encodeEngineMessage({ ...message, error: shortened(message.error) });
      const bytes = start(types[message.kind], 4 + error.length, message.conversation);
      error.copy(bytes, 9);
      return bytes;
    }
    case 'said': {
      const error = Buffer.from(message.error === null ? '' : JSON.stringify(message.error));
      if (error.length > longestText && message.error !== null)
        return encodeEngineMessage({ ...message, error: shortened(message.error) });
      const bytes = start(types.said, 8 + error.length, message.conversation);
      bytes.writeUInt32LE(message.saying, 9);
      error.copy(bytes, 13);
      return bytes;
    }
    case 'agent': {
      const { frame } = message;
      const piece = Buffer.from(frame.piece ?? '').subarray(0, longestText);
      const bytes = start(types.agent, 22 + piece.length + sampleBytes, message.conversation, allocate);
      bytes.writeUInt32LE(frame.frame, 9);
      bytes.writeInt32LE(frame.textToken, 13);
      bytes.writeFloatLE(frame.waitMs, 17);
      bytes.writeFloatLE(frame.runMs, 21);
      bytes.writeUInt16LE(frame.piece === null ? noPiece : piece.length, 25);
      piece.copy(bytes, 27);
      writeSamples(bytes, 27 + piece.length, frame.samples);
      return bytes;
    }
  }
}

/**
 * `message` is type and body, without the length. Throws FRAME_PORT_INVALID.
 * @param takeSamples where 1920 samples go
 */
export function decodeClientMessage(message: Buffer, takeSamples = newSamples): ClientMessage {
  const conversation = conversationOf(message);
  switch (message[0]) {
    case types.open: {
      size(message, 15, longestText);
      const seed = message.readDoubleLE(5);
      if (!Number.isSafeInteger(seed)) throw invalid(`seed ${seed} is no safe integer`);
      const personaEnd = 15 + message.readUInt16LE(13);
      size(message, personaEnd, longestText);
      const persona = message.toString('utf8', 15, personaEnd);
      return { kind: 'open', conversation, seed, persona, logFile: message.toString('utf8', personaEnd) || null };
    }
    case types.say:
      size(message, 9, longestText);
      return { kind: 'say', conversation, saying: message.readUInt32LE(5), words: message.toString('utf8', 9) };
    case types.user:
      size(message, 9 + sampleBytes);
      return {
        kind: 'user',
        conversation,
        frame: message.readUInt32LE(5),
        samples: readSamples(message, 9, takeSamples()),
      };
    case types.close:
      size(message, 5);
      return { kind: 'close', conversation };
    default:
      throw invalid(`type ${message[0]} is unknown`);
  }
}

/** `message` is type and body, without the length. Throws FRAME_PORT_INVALID. */
export function decodeEngineMessage(message: Buffer): EngineMessage {
  const conversation = conversationOf(message);
  switch (message[0]) {
    case types.hello:
      if (message.toString('latin1', 1, 5) !== magic) throw invalid('the other side speaks another protocol');
      size(message, 11);
      return { kind: 'hello', textLeadMs: message.readUInt32LE(5), lanes: message.readUInt16LE(9) };
    case types.opened:
      size(message, 7);
      return { kind: 'opened', conversation, lane: message.readUInt16LE(5) };
    case types.refused:
    case types.failed: {
      size(message, 5, longestText);
      const kind = message[0] === types.refused ? 'refused' : 'failed';
      return { kind, conversation, error: parseErrorRecord(message.toString('utf8', 5)) };
    }
    case types.said: {
      size(message, 9, longestText);
      const error = message.length === 9 ? null : parseErrorRecord(message.toString('utf8', 9));
      return { kind: 'said', conversation, saying: message.readUInt32LE(5), error };
    }
    case types.agent: {
      size(message, 23 + sampleBytes, longestText);
      const announced = message.readUInt16LE(21);
      const pieceBytes = announced === noPiece ? 0 : announced;
      size(message, 23 + pieceBytes + sampleBytes);
      const frame = {
        frame: message.readUInt32LE(5),
        textToken: message.readInt32LE(9),
        waitMs: message.readFloatLE(13),
        runMs: message.readFloatLE(17),
        piece: announced === noPiece ? null : message.toString('utf8', 23, 23 + pieceBytes),
        samples: readSamples(message, 23 + pieceBytes, newSamples()),
      };
      return { kind: 'agent', conversation, frame };
    }
    default:
      throw invalid(`type ${message[0]} is unknown`);
  }
}

/** Cuts a byte stream into messages, however it comes in pieces. */
export class MessageSplitter {
  /** Beginnings of a message whose end has not come: one is being filled while the last one is still being read. */
  readonly #partials = [Buffer.allocUnsafe(4 + longestMessage), Buffer.allocUnsafe(4 + longestMessage)] as const;
  #partial: Buffer = this.#partials[0];
  #filled = 0;

  /**
   * Messages without their length, in memory of `chunk` or of this object: they last until the next call.
   * @throws FRAME_PORT_INVALID at a length that no message has
   */
  push(chunk: Buffer): Buffer[] {
    const messages: Buffer[] = [];
    let at = 0;
    while (this.#filled > 0 && at < chunk.length) {
      const wanted = this.#filled < 4 ? 4 : 4 + lengthAt(this.#partial, 0);
      const taken = chunk.copy(this.#partial, this.#filled, at, at + wanted - this.#filled);
      at += taken;
      this.#filled += taken;
      if (this.#filled < 4 || this.#filled < 4 + lengthAt(this.#partial, 0)) continue;
      messages.push(this.#partial.subarray(4, this.#filled));
      this.#filled = 0;
    }
    for (; chunk.length - at >= 4; at += 4 + lengthAt(chunk, at)) {
      const end = at + 4 + lengthAt(chunk, at);
      if (end > chunk.length) break;
      messages.push(chunk.subarray(at + 4, end));
    }
    if (at < chunk.length) this.#keep(chunk, at);
    return messages;
  }

  #keep(chunk: Buffer, at: number): void {
    this.#partial = this.#partials.find((each) => each !== this.#partial) ?? this.#partial;
    this.#filled = chunk.copy(this.#partial, 0, at);
  }
}

function lengthAt(bytes: Buffer, at: number): number {
  const length = bytes.readUInt32LE(at);
  if (length === 0 || length > longestMessage) throw invalid(`a message of ${length} bytes`);
  return length;
}

function start(type: number, bodyBytes: number, conversation: number, allocate = Buffer.allocUnsafe): Buffer {
  const bytes = allocate(5 + bodyBytes);
  bytes.writeUInt32LE(1 + bodyBytes, 0);
  bytes.writeUInt8(type, 4);
  bytes.writeUInt32LE(conversation, 5);
  return bytes;
}

function writeSamples(bytes: Buffer, at: number, samples: Float32Array): void {
  if (samples.length !== frameSamples)
    throw new RangeError(`a frame has ${frameSamples} samples, not ${samples.length}`);
  bytes.set(new Uint8Array(samples.buffer, samples.byteOffset, sampleBytes), at);
}

const newSamples = (): Float32Array => new Float32Array(frameSamples);

/** A copy, since the samples are seldom at a multiple of four bytes. */
function readSamples(message: Buffer, at: number, samples: Float32Array): Float32Array {
  new Uint8Array(samples.buffer, samples.byteOffset, sampleBytes).set(message.subarray(at, at + sampleBytes));
  return samples;
}

function conversationOf(message: Buffer): number {
  if (message.length < 5) throw invalid(`a message of ${message.length} bytes`);
  return message.readUInt32LE(1);
}

function size(message: Buffer, least: number, more = 0): void {
  if (message.length < least || message.length > least + more)
    throw invalid(`a message of type ${message[0]} with ${message.length} bytes`);
}

const errorRecord = z.object({
  code: z.custom<ErrorCode>((code) => typeof code === 'string' && Object.hasOwn(errorTable, code)),
  details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
});

function parseErrorRecord(json: string): ErrorRecord {
  try {
    return errorRecord.parse(JSON.parse(json));
  } catch {
    throw invalid('an error that is none');
  }
}

function shortened(error: ErrorRecord): ErrorRecord {
  const cut = (value: string | number | boolean | null) => (typeof value === 'string' ? value.slice(0, 200) : value);
  const details = Object.entries(error.details).slice(0, 8);
  return {
    code: error.code,
    details: Object.fromEntries(details.map(([name, value]) => [name.slice(0, 40), cut(value)])),
  };
}

const invalid = (reason: string) => new SpeakerpostError('FRAME_PORT_INVALID', { reason });
