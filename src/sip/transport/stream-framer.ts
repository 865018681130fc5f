import { canonicalName } from '../message/header-names.ts';
import { isDigit } from '../message/message.ts';
import { messageLimits, parseMessage } from '../message/reader.ts';
import { SipSyntaxError } from '../message/syntax-error.ts';

const CR = 13;
const LF = 10;

export interface FrameSink {
  /** One whole message, in memory of its own. */
  message(bytes: Uint8Array): void;
  /** CRLF CRLF between messages: a keep-alive that wants a CRLF back (RFC 5626 section 4.4.1). */
  ping(): void;
}

/**
 * Cuts a byte stream into SIP messages by Content-Length, which is mandatory there (RFC 3261 section 18.3).
 *
 *     #buffer:  |  taken already  |  waiting ...  |  free  |
 *                                 ^#start         ^#end
 */
export class StreamFramer {
  #buffer = Buffer.alloc(4_096);
  #start = 0;
  #end = 0;
  /** Waiting bytes in which no end of the head was found. */
  #scanned = 0;
  /** Bytes of the whole message, once its head is there. */
  #wanted: number | null = null;
  #lineEnds = 0;

  /** A message has begun and is not complete. */
  get isInside(): boolean {
    return this.#end > this.#start;
  }

  /** @throws SipSyntaxError when the place of the next message is unknown: answer if possible, and close. */
  push(chunk: Uint8Array, sink: FrameSink): void {
    this.#append(chunk);
    for (;;) {
      this.#skipLineEnds(sink);
      if (!this.isInside) return;
      this.#wanted ??= this.#measure();
      if (this.#wanted === null || this.#end - this.#start < this.#wanted) return;
      const bytes = new Uint8Array(this.#buffer.subarray(this.#start, this.#start + this.#wanted));
      this.#start += this.#wanted;
      this.#scanned = 0;
      this.#wanted = null;
      sink.message(bytes);
    }
  }

  /** What waits moves to the front when the room behind it ends. */
  #append(chunk: Uint8Array): void {
    const waiting = this.#end - this.#start;
    const needed = waiting + chunk.length;
    if (this.#end + chunk.length > this.#buffer.length) {
      const target =
        needed > this.#buffer.length ? Buffer.alloc(Math.max(needed, 2 * this.#buffer.length)) : this.#buffer;
      this.#buffer.copy(target, 0, this.#start, this.#end);
      this.#buffer = target;
      this.#start = 0;
      this.#end = waiting;
    }
    this.#buffer.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  #skipLineEnds(sink: FrameSink): void {
    if (this.#wanted !== null || this.#scanned > 0) return;
    for (; this.#start < this.#end; this.#start++) {
      const byte = this.#buffer[this.#start];
      if (byte !== CR && byte !== LF) break;
      if (byte === LF) this.#lineEnds++;
    }
    for (; this.#lineEnds > 1; this.#lineEnds -= 2) sink.ping();
    if (this.isInside) this.#lineEnds = 0;
  }

  #measure(): number | null {
    const waiting = this.#buffer.subarray(this.#start, this.#end);
    const end = waiting.indexOf('\r\n\r\n', Math.max(0, this.#scanned - 3));
    const head = end < 0 ? waiting.length : end + 4;
    if (head > messageLimits.headBytes)
      throw new SipSyntaxError('HEAD_TOO_LONG', `no empty line within ${messageLimits.headBytes} bytes`);
    if (end < 0) {
      this.#scanned = waiting.length;
      return null;
    }
    return head + bodyLength(waiting.subarray(0, head));
  }
}

function bodyLength(head: Buffer): number {
  const values = contentLengths(head.toString('latin1'));
  const [value = ''] = values;
  const isNumber = value !== '' && value.length < 10 && [...value].every(isDigit);
  if (values.length === 1 && isNumber && Number(value) <= messageLimits.bodyBytes) return Number(value);
  // The parser's own complaint says what a 400 needs; a head that it takes lacks nothing but the length.
  const message = parseMessage(Uint8Array.from(head));
  const request = message.kind === 'request' && message.method !== 'ACK' ? message : null;
  throw new SipSyntaxError('CONTENT_LENGTH', 'there is none, on a stream', request);
}

function contentLengths(head: string): string[] {
  const values: string[] = [];
  let isLength = false;
  for (const line of head.split('\r\n')) {
    if (line.startsWith(' ') || line.startsWith('\t')) {
      if (isLength) values.push(`${values.pop() ?? ''}${line}`.trim());
      continue;
    }
    const colon = line.indexOf(':');
    isLength = canonicalName(line.slice(0, Math.max(0, colon)).trim()) === 'content-length';
    if (isLength) values.push(line.slice(colon + 1).trim());
  }
  return values;
}
