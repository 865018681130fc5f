import { hash } from 'node:crypto';

const BLOCK_BYTES = 64;
const DIGEST_BYTES = 20;
const TRAILER_BYTES = 4;

/** HMAC-SHA1 (RFC 2104) of a packet and the word behind it, by one-shot hashes: a third of what an Hmac object costs. */
export class HmacSha1 {
  /** Inner key, packet, trailer. */
  #inner: Buffer;
  readonly #innerKey: Buffer;
  /** Outer key, inner digest. */
  readonly #outer = Buffer.alloc(BLOCK_BYTES + DIGEST_BYTES);

  /** `key`: at most 64 bytes. */
  constructor(key: Uint8Array) {
    const padded = Buffer.alloc(BLOCK_BYTES);
    padded.set(key);
    this.#innerKey = Buffer.from(padded.map((byte) => byte ^ 0x36));
    this.#outer.set(padded.map((byte) => byte ^ 0x5c));
    this.#inner = this.#room(256);
  }

  digest(bytes: Uint8Array, end: number, trailer: number): Buffer {
    const length = BLOCK_BYTES + end + TRAILER_BYTES;
    if (length > this.#inner.length) this.#inner = this.#room(2 * length);
    this.#inner.set(bytes.subarray(0, end), BLOCK_BYTES);
    this.#inner.writeUInt32BE(trailer, BLOCK_BYTES + end);
    this.#outer.set(hash('sha1', this.#inner.subarray(0, length), 'buffer'), BLOCK_BYTES);
    return hash('sha1', this.#outer, 'buffer');
  }

  #room(bytes: number): Buffer {
    const room = Buffer.alloc(bytes);
    room.set(this.#innerKey);
    return room;
  }
}
