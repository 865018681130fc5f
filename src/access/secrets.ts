import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

/** 256 random bits that may stand in a URL. */
export function randomToken(): string {
  return randomBytes(32).toString('base64url');
}

/** What is kept of a token: it has 256 bits, so a plain hash cannot be guessed back. */
export function tokenHash(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}

/** Compares secrets without telling by its time how much of them is right. */
export function isSameSecret(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
