import { createHmac, timingSafeEqual } from 'node:crypto';

const LIFE_MS = 300_000;
/** Nonces whose counts are remembered; the oldest is forgotten first, and then counts as stale. */
const COUNTED = 10_000;

/**
 * Nonces that carry their time and an HMAC over it, so that a flood of unauthenticated requests fills no table:
 *
 *     <milliseconds, base 36>.<random>.<HMAC-SHA256, first 16 bytes, base64url>
 */
export class NonceMint {
  readonly #secret: Uint8Array;
  readonly #newId: () => string;
  /** The highest count that was accepted with a nonce (RFC 7616 section 3.4: `nc` must grow). */
  readonly #counts = new Map<string, number>();
  /** Nonces up to this time are stale: their counts may have been forgotten. */
  #forgottenMs = -1;

  constructor(secret: Uint8Array, newId: () => string) {
    this.#secret = secret;
    this.#newId = newId;
  }

  make(nowMs: number): string {
    const head = `${Math.floor(nowMs).toString(36)}.${this.#newId()}`;
    return `${head}.${this.#sign(head)}`;
  }

  /** `bad`: not ours. `stale`: expired, or forgotten. */
  check(nonce: string, nowMs: number): 'good' | 'stale' | 'bad' {
    const dot = nonce.lastIndexOf('.');
    const head = nonce.slice(0, Math.max(0, dot));
    const expected = Buffer.from(this.#sign(head));
    const given = Buffer.from(nonce.slice(dot + 1));
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return 'bad';
    const madeMs = madeAt(head);
    return madeMs <= this.#forgottenMs || nowMs - madeMs > LIFE_MS ? 'stale' : 'good';
  }

  /** Takes the count of a good nonce; false when it was used before. */
  use(nonce: string, count: number): boolean {
    const before = this.#counts.get(nonce);
    if (before !== undefined && count <= before) return false;
    this.#counts.set(nonce, count);
    const [oldest] = this.#counts.keys();
    if (this.#counts.size > COUNTED && oldest !== undefined) {
      this.#counts.delete(oldest);
      this.#forgottenMs = Math.max(this.#forgottenMs, madeAt(oldest));
    }
    return true;
  }

  #sign(head: string): string {
    return createHmac('sha256', this.#secret).update(head).digest().subarray(0, 16).toString('base64url');
  }
}

function madeAt(nonce: string): number {
  return Number.parseInt(nonce.split('.')[0] ?? '', 36);
}
