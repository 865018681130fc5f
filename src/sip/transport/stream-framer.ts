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

/** Cuts a byte stream into SIP messages by Content-Length, which is mandatory there (RFC 3261 section 18.3). */
export class StreamFramer {
  #buffer = Buffer.alloc(4_096);
  #length = 0;
  /** Up to here no end of the head was found. */
  #scanned = 0;
  /** Bytes of the whole message, once its head is there. */
  #wanted: number | null = null;
  #lineEnds = 0;

  /** A message has begun and is not complete. */
  get isInside(): boolean {
    return this.#length > 0;
  }

  /** @throws SipSyntaxError when the place of the next message is unknown: answer if possible, and close. */
  push(chunk: Uint8Array, sink: FrameSink): void {
    this.#append(chunk);
    for (;;) {
      this.#skipLineEnds(sink);
      if (this.#length === 0) return;
      this.#wanted ??= this.#measure();
      if (this.#wanted === null || this.#length < this.#wanted) return;
      const bytes = Uint8Array.from(this.#buffer.subarray(0, this.#wanted));
      this.#drop(this.#wanted);
      this.#wanted = null;
      sink.message(bytes);
    }
  }

  #append(chunk: Uint8Array): void {
    const needed = this.#length + chunk.length;
    if (needed > this.#buffer.length) {
      const larger = Buffer.alloc(Math.max(needed, 2 * this.#buffer.length));
      this.#buffer.copy(larger, 0, 0, this.#length);
      this.#buffer = larger;
    }
    this.#buffer.set(chunk, this.#length);
    this.#length = needed;
  }

  #drop(count: number): void {
    this.#buffer.copyWithin(0, count, this.#length);
    this.#length -= count;
    this.#scanned = 0;
  }

  #skipLineEnds(sink: FrameSink): void {
    if (this.#wanted !== null || this.#scanned > 0) return;
    let at = 0;
    for (; at < this.#length; at++) {
      const byte = this.#buffer[at];
      if (byte !== CR && byte !== LF) break;
      if (byte === LF) this.#lineEnds++;
    }
    if (at > 0) this.#drop(at);
    for (; this.#lineEnds > 1; this.#lineEnds -= 2) sink.ping();
    if (this.#length > 0) this.#lineEnds = 0;
  }

  #measure(): number | null {
    const end = this.#buffer.subarray(0, this.#length).indexOf('\r\n\r\n', Math.max(0, this.#scanned - 3));
    const head = end < 0 ? this.#length : end + 4;
    if (head > messageLimits.headBytes)
      throw new SipSyntaxError('HEAD_TOO_LONG', `no empty line within ${messageLimits.headBytes} bytes`);
    if (end < 0) {
      this.#scanned = this.#length;
      return null;
    }
    return head + bodyLength(this.#buffer.subarray(0, head));
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
