import { createCipheriv } from 'node:crypto';

/** What each session key is for (RFC 3711 section 4.3.1). */
export const KEY_LABELS = { encryption: 0, authentication: 1, salt: 2 } as const;
/** SRTCP's labels are these further on. */
export const SRTCP_LABEL_OFFSET = 3;
const MASTER_SALT_BYTES = 14;
const BLOCK_BYTES = 16;
const LABEL_AT = 7;

/**
 * A session key of `bytes` bytes by AES in counter mode (RFC 3711 section 4.3.3), with a key derivation rate of 0: the packet index does
 * not enter. A salt of 12 bytes is padded with zeros on the right (RFC 7714 section 11).
 */
export function deriveKey(masterKey: Uint8Array, masterSalt: Uint8Array, label: number, bytes: number): Buffer {
  const counter = Buffer.alloc(BLOCK_BYTES);
  counter.set(masterSalt.subarray(0, MASTER_SALT_BYTES));
  counter[LABEL_AT] = (counter[LABEL_AT] ?? 0) ^ label;
  return createCipheriv('aes-128-ctr', masterKey, counter).update(Buffer.alloc(bytes));
}
