import { randomFillSync } from 'node:crypto';

const POOL_BYTES = 4_096;
const ID_BYTES = 8;

/** Makes identifiers (tags, branches, Call-IDs) of 64 random bits, 16 hexadecimal digits; the system is asked for many at once. */
export function randomIds(): () => string {
  const pool = Buffer.alloc(POOL_BYTES);
  let used = POOL_BYTES;
  return () => {
    if (used === POOL_BYTES) {
      randomFillSync(pool);
      used = 0;
    }
    used += ID_BYTES;
    return pool.toString('hex', used - ID_BYTES, used);
  };
}
