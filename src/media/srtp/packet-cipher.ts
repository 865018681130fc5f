import { type Cipheriv, createCipheriv, createDecipheriv, timingSafeEqual } from 'node:crypto';
import { HmacSha1 } from './hmac-sha1.ts';
import { deriveKey, KEY_LABELS, SRTCP_LABEL_OFFSET } from './key-derivation.ts';
import type { SrtpProfile } from './profile.ts';

const BLOCK_BYTES = 16;
const AUTHENTICATION_KEY_BYTES = 20;
const ROC_BYTES = 4;

/** One packet to be protected: `bytes[0, bodyAt)` stays readable, `[bodyAt, end)` is encrypted. */
export interface CipherSpan {
  readonly bytes: Buffer;
  readonly bodyAt: number;
  readonly end: number;
  readonly ssrc: number;
  /** RTP: ROC and sequence number; RTCP: the SRTCP index. */
  readonly index: number;
  /** What is authenticated after the packet's own bytes: the ROC for RTP, the index word for RTCP. */
  readonly trailer: number;
  /** GCM authenticates the trailer of RTCP only (RFC 7714 section 9.1); the ROC stands in its IV. */
  readonly isTrailerInAad: boolean;
}

/** Encrypts and authenticates with the session keys of one kind of packet. */
export interface PacketCipher {
  readonly tagBytes: number;
  /** Encrypts in place and writes the tag at `tagAt`, which may lie behind the packet's trailer. */
  seal(span: CipherSpan, tagAt: number): void;
  /** Checks the tag and decrypts in place; false when it is not authentic, `bytes` are then spoilt. */
  open(span: CipherSpan, tagAt: number): boolean;
}

export function packetCipher(profile: SrtpProfile, master: Uint8Array, kind: 'rtp' | 'rtcp'): PacketCipher {
  const key = master.subarray(0, profile.keyBytes);
  const salt = master.subarray(profile.keyBytes);
  const offset = kind === 'rtp' ? 0 : SRTCP_LABEL_OFFSET;
  const derive = (label: number, bytes: number) => deriveKey(key, salt, label + offset, bytes);
  const encryption = derive(KEY_LABELS.encryption, profile.keyBytes);
  const sessionSalt = derive(KEY_LABELS.salt, profile.saltBytes);
  const tagBytes = kind === 'rtp' ? profile.rtpTagBytes : profile.rtcpTagBytes;
  return profile.cipher === 'gcm'
    ? new GcmCipher(encryption, sessionSalt, tagBytes)
    : new CounterCipher(encryption, sessionSalt, derive(KEY_LABELS.authentication, AUTHENTICATION_KEY_BYTES), tagBytes);
}

/** AES in counter mode with HMAC-SHA1 (RFC 3711 sections 4.1.1 and 4.2.1). */
class CounterCipher implements PacketCipher {
  readonly tagBytes: number;
  /** AES of one block, kept open: as a source of key stream it costs less than a counter-mode cipher for each packet. */
  readonly #block: Cipheriv;
  readonly #salt: Buffer;
  readonly #hmac: HmacSha1;
  #counters = Buffer.alloc(0);

  constructor(encryption: Buffer, salt: Buffer, authenticationKey: Buffer, tagBytes: number) {
    this.tagBytes = tagBytes;
    this.#block = createCipheriv('aes-128-ecb', encryption, null).setAutoPadding(false);
    this.#salt = Buffer.alloc(BLOCK_BYTES);
    this.#salt.set(salt);
    this.#hmac = new HmacSha1(authenticationKey);
  }

  seal(span: CipherSpan, tagAt: number): void {
    this.#cover(span);
    span.bytes.set(this.#tag(span), tagAt);
  }

  open(span: CipherSpan, tagAt: number): boolean {
    if (!timingSafeEqual(this.#tag(span), span.bytes.subarray(tagAt, tagAt + this.tagBytes))) return false;
    this.#cover(span);
    return true;
  }

  #tag({ bytes, end, trailer }: CipherSpan): Buffer {
    return this.#hmac.digest(bytes, end, trailer).subarray(0, this.tagBytes);
  }

  /** XORs the body with the key stream: AES of IV, IV + 1, ... where IV = salt ^ SSRC * 2^64 ^ index * 2^16. */
  #cover({ bytes, bodyAt, end, ssrc, index }: CipherSpan): void {
    const blocks = Math.ceil((end - bodyAt) / BLOCK_BYTES);
    if (this.#counters.length < blocks * BLOCK_BYTES) this.#counters = Buffer.alloc(blocks * BLOCK_BYTES);
    const counters = this.#counters.subarray(0, blocks * BLOCK_BYTES);
    for (let block = 0; block < blocks; block++) {
      const at = block * BLOCK_BYTES;
      counters.set(this.#salt, at);
      xorUInt32(counters, at + 4, ssrc);
      xorUInt32(counters, at + 8, Math.floor(index / 65_536));
      counters.writeUInt16BE(counters.readUInt16BE(at + 12) ^ (index & 0xffff), at + 12);
      counters.writeUInt16BE(block, at + 14);
    }
    const stream = this.#block.update(counters);
    for (let i = bodyAt; i < end; i++) bytes[i] = (bytes[i] ?? 0) ^ (stream[i - bodyAt] ?? 0);
  }
}

/** AES-GCM (RFC 7714 sections 8 and 9). */
class GcmCipher implements PacketCipher {
  readonly tagBytes: number;
  readonly #key: Buffer;
  readonly #salt: Buffer;
  readonly #iv = Buffer.alloc(12);
  readonly #trailer = Buffer.alloc(ROC_BYTES);

  constructor(key: Buffer, salt: Buffer, tagBytes: number) {
    this.#key = key;
    this.#salt = salt;
    this.tagBytes = tagBytes;
  }

  seal(span: CipherSpan, tagAt: number): void {
    const { bytes, bodyAt, end } = span;
    const cipher = createCipheriv('aes-128-gcm', this.#key, this.#ivOf(span));
    cipher.setAAD(this.#aad(span));
    bytes.set(cipher.update(bytes.subarray(bodyAt, end)), bodyAt);
    cipher.final();
    bytes.set(cipher.getAuthTag(), tagAt);
  }

  open(span: CipherSpan, tagAt: number): boolean {
    const { bytes, bodyAt, end } = span;
    const decipher = createDecipheriv('aes-128-gcm', this.#key, this.#ivOf(span), { authTagLength: this.tagBytes });
    decipher.setAAD(this.#aad(span));
    decipher.setAuthTag(bytes.subarray(tagAt, tagAt + this.tagBytes));
    const plain = decipher.update(bytes.subarray(bodyAt, end));
    try {
      decipher.final();
    } catch {
      return false;
    }
    bytes.set(plain, bodyAt);
    return true;
  }

  #aad({ bytes, bodyAt, trailer, isTrailerInAad }: CipherSpan): Buffer {
    if (!isTrailerInAad) return bytes.subarray(0, bodyAt);
    this.#trailer.writeUInt32BE(trailer);
    return Buffer.concat([bytes.subarray(0, bodyAt), this.#trailer]);
  }

  /** Two zero bytes, SSRC and 48 bits of index, over the salt. */
  #ivOf({ ssrc, index }: CipherSpan): Buffer {
    const iv = this.#iv;
    iv.set(this.#salt);
    xorUInt32(iv, 2, ssrc);
    xorUInt32(iv, 6, Math.floor(index / 65_536));
    iv.writeUInt16BE(iv.readUInt16BE(10) ^ (index & 0xffff), 10);
    return iv;
  }
}

function xorUInt32(bytes: Buffer, at: number, value: number): void {
  bytes.writeUInt32BE((bytes.readUInt32BE(at) ^ value) >>> 0, at);
}
