import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';

/** 32 MiB and some 50-100 ms a try, on a pool thread (OWASP password storage, scrypt). */
const cost = { N: 2 ** 15, r: 8, p: 1 };
const HASH_BYTES = 32;
const SALT_BYTES = 16;

/** NIST SP 800-63B 3.1.1.2: length counts, composition rules do not. */
export const PASSWORD_LENGTH = { min: 12, max: 500 } as const;

/** 24 letters and digits out of 32: 120 bits, nothing that looks alike. */
const alphabet = 'abcdefghjkmnpqrstuvwxyz123456789';

export function randomPassword(): string {
  return [...randomBytes(24)].map((byte) => alphabet[byte % alphabet.length]).join('');
}

/** `scrypt$N$r$p$salt$hash`, in base64. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const hash = await hashOf(password, salt, HASH_BYTES, cost);
  return ['scrypt', cost.N, cost.r, cost.p, salt.toString('base64'), hash.toString('base64')].join('$');
}

/** `stored` null (no such account): the same work is done, so that time does not tell who exists. */
export async function passwordMatches(password: string, stored: string | null): Promise<boolean> {
  const [kind, N, r, p, salt, hash] = (stored ?? decoy).split('$');
  if (kind !== 'scrypt' || salt === undefined || hash === undefined) return false;
  const expected = Buffer.from(hash, 'base64');
  const own = { N: Number(N), r: Number(r), p: Number(p) };
  const given = await hashOf(password, Buffer.from(salt, 'base64'), expected.length, own);
  return timingSafeEqual(given, expected) && stored !== null;
}

const decoy = [
  'scrypt',
  cost.N,
  cost.r,
  cost.p,
  ...[SALT_BYTES, HASH_BYTES].map((n) => randomBytes(n).toString('base64')),
].join('$');

function hashOf(password: string, salt: Buffer, bytes: number, options: ScryptOptions): Promise<Buffer> {
  const maxmem = 256 * (options.N ?? 0) * (options.r ?? 0);
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFKC'), salt, bytes, { ...options, maxmem }, (error, key) =>
      error === null ? resolve(key) : reject(error),
    );
  });
}
