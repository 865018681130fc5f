/**
 * The drachtio framing: `<bytes>#<payload>`, the length in decimal, frames one after the other.
 *
 *   49#99a3e8b8-...|route|invite85#c32552d2-...|response|99a3e8b8-...|OK
 */
const HASH = 35;
const ZERO = 48;
/** drachtio-server takes five digits at most and drops the connection otherwise; so do we. */
const MAX_DIGITS = 5;

const nothing = new Uint8Array(0);

/** A frame of a text (UTF-8) and, behind it, bytes. */
export function writeFrame(text: string, bytes: Uint8Array = nothing): Buffer {
  const textBytes = Buffer.byteLength(text);
  const length = `${textBytes + bytes.length}#`;
  const frame = Buffer.allocUnsafe(length.length + textBytes + bytes.length);
  frame.write(length, 0, 'latin1');
  frame.write(text, length.length, 'utf8');
  frame.set(bytes, length.length + textBytes);
  return frame;
}

/** Cuts a stream into payloads, however it is split. */
export class FrameReader {
  #waiting: Buffer = Buffer.alloc(0);

  /** The payloads that are complete now. @throws RangeError on anything that is no frame; the connection must then be closed. */
  push(bytes: Uint8Array): Buffer[] {
    this.#waiting = this.#waiting.length === 0 ? Buffer.from(bytes) : Buffer.concat([this.#waiting, bytes]);
    const payloads: Buffer[] = [];
    let at = 0;
    for (;;) {
      let length = 0;
      let hash = at;
      for (; hash < this.#waiting.length && this.#waiting[hash] !== HASH; hash++) {
        const digit = (this.#waiting[hash] ?? 0) - ZERO;
        if (digit < 0 || digit > 9 || hash - at >= MAX_DIGITS) throw new RangeError('not a frame length');
        length = 10 * length + digit;
      }
      if (hash >= this.#waiting.length) break;
      if (length === 0) throw new RangeError('empty frame');
      const end = hash + 1 + length;
      if (end > this.#waiting.length) break;
      payloads.push(this.#waiting.subarray(hash + 1, end));
      at = end;
    }
    this.#waiting = this.#waiting.subarray(at);
    return payloads;
  }
}
