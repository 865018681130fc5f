import type { SrtpKeys } from '../contract.ts';
import { packetCipher } from './packet-cipher.ts';
import { SRTP_PROFILES, type SrtpProfile } from './profile.ts';
import { ReplayWindow } from './replay-window.ts';

const SEQUENCES = 65_536;
const MAX_INDEX = 2 ** 48;
const MAX_SRTCP_INDEX = 2 ** 31;
const RTP_HEADER_BYTES = 12;
const RTCP_HEADER_BYTES = 8;
const INDEX_BYTES = 4;
/** Streams under one key at once: the peer may change its SSRC, a stranger cannot make us remember any. */
const MAX_SOURCES = 4;

/** Protects our packets: one SSRC under one master key (RFC 3711). */
export class SrtpSender {
  readonly #profile: SrtpProfile;
  readonly #rtp;
  readonly #rtcp;
  #roc = 0;
  #lastSequence: number | null = null;
  #srtcpIndex = 0;

  constructor({ profile, sendKey }: Pick<SrtpKeys, 'profile' | 'sendKey'>) {
    this.#profile = SRTP_PROFILES[profile];
    this.#rtp = packetCipher(this.#profile, sendKey, 'rtp');
    this.#rtcp = packetCipher(this.#profile, sendKey, 'rtcp');
  }

  /**
   * Protects the packet `bytes[0, length)` in place; `bytes` must have room for 16 bytes more. Returns the new length, or 0 when the key is
   * used up (2^48 packets).
   */
  protect(bytes: Buffer, length: number): number {
    const sequence = bytes.readUInt16BE(2);
    // Our own numbers go up by one: a lower one has wrapped.
    if (this.#lastSequence !== null && sequence < this.#lastSequence) this.#roc++;
    this.#lastSequence = sequence;
    const index = this.#roc * SEQUENCES + sequence;
    if (index >= MAX_INDEX) return 0;
    const ssrc = bytes.readUInt32BE(8);
    const roc = this.#roc;
    this.#rtp.seal(
      { bytes, bodyAt: RTP_HEADER_BYTES, end: length, ssrc, index, trailer: roc, isTrailerInAad: false },
      length,
    );
    return length + this.#rtp.tagBytes;
  }

  /** A protected copy of a compound RTCP packet; null when the key is used up. */
  protectRtcp(plain: Uint8Array): Buffer | null {
    const index = this.#srtcpIndex++;
    if (index >= MAX_SRTCP_INDEX) return null;
    const length = plain.length;
    const { tagBytes } = this.#rtcp;
    const bytes = Buffer.alloc(length + INDEX_BYTES + tagBytes);
    bytes.set(plain);
    const word = (0x8000_0000 | index) >>> 0;
    // GCM's tag stands before the index, HMAC's behind it (RFC 7714 section 9.2, RFC 3711 section 3.4).
    const isGcm = this.#profile.cipher === 'gcm';
    const tagAt = isGcm ? length : length + INDEX_BYTES;
    bytes.writeUInt32BE(word, isGcm ? length + tagBytes : length);
    const ssrc = bytes.readUInt32BE(4);
    this.#rtcp.seal(
      { bytes, bodyAt: RTCP_HEADER_BYTES, end: length, ssrc, index, trailer: word, isTrailerInAad: true },
      tagAt,
    );
    return bytes;
  }
}

interface Source {
  /** Index of the newest authentic packet; null before the first. */
  newest: number | null;
  readonly window: ReplayWindow;
  readonly rtcpWindow: ReplayWindow;
}

/** Opens the peer's packets: each SSRC has its own packet index and replay window. */
export class SrtpReceiver {
  readonly #profile: SrtpProfile;
  readonly #rtp;
  readonly #rtcp;
  readonly #sources = new Map<number, Source>();

  constructor({ profile, receiveKey }: Pick<SrtpKeys, 'profile' | 'receiveKey'>) {
    this.#profile = SRTP_PROFILES[profile];
    this.#rtp = packetCipher(this.#profile, receiveKey, 'rtp');
    this.#rtcp = packetCipher(this.#profile, receiveKey, 'rtcp');
  }

  /** Opens an RTP packet in place. Returns its plain length, or 0 for one that is not authentic or has come before. */
  unprotect(bytes: Buffer): number {
    const end = bytes.length - this.#rtp.tagBytes;
    const bodyAt = headerBytes(bytes, end);
    if (bodyAt === 0) return 0;
    const ssrc = bytes.readUInt32BE(8);
    const source = this.#sources.get(ssrc) ?? newSource();
    const index = estimateIndex(bytes.readUInt16BE(2), source.newest);
    if (index < 0 || source.window.isReplay(index)) return 0;
    const trailer = Math.floor(index / SEQUENCES);
    if (!this.#rtp.open({ bytes, bodyAt, end, ssrc, index, trailer, isTrailerInAad: false }, end)) return 0;
    // Only now is the packet the peer's: nobody else moves index or window.
    source.window.accept(index);
    source.newest = Math.max(index, source.newest ?? 0);
    this.#remember(ssrc, source);
    return end;
  }

  /** Opens a compound RTCP packet in place. Returns its plain length, or 0. */
  unprotectRtcp(bytes: Buffer): number {
    const { tagBytes } = this.#rtcp;
    const end = bytes.length - INDEX_BYTES - tagBytes;
    if (end < RTCP_HEADER_BYTES) return 0;
    const isGcm = this.#profile.cipher === 'gcm';
    const word = bytes.readUInt32BE(isGcm ? end + tagBytes : end);
    const tagAt = isGcm ? end : end + INDEX_BYTES;
    const index = word & 0x7fff_ffff;
    // The E bit is always set by the suites of RFC 4568 without UNENCRYPTED_SRTCP.
    if (word < 0x8000_0000) return 0;
    const ssrc = bytes.readUInt32BE(4);
    const source = this.#sources.get(ssrc) ?? newSource();
    if (source.rtcpWindow.isReplay(index)) return 0;
    const span = { bytes, bodyAt: RTCP_HEADER_BYTES, end, ssrc, index, trailer: word, isTrailerInAad: true };
    if (!this.#rtcp.open(span, tagAt)) return 0;
    source.rtcpWindow.accept(index);
    this.#remember(ssrc, source);
    return end;
  }

  #remember(ssrc: number, source: Source): void {
    if (this.#sources.has(ssrc)) return;
    this.#sources.set(ssrc, source);
    const [oldest] = this.#sources.keys();
    if (this.#sources.size > MAX_SOURCES && oldest !== undefined) this.#sources.delete(oldest);
  }
}

function newSource(): Source {
  return { newest: null, window: new ReplayWindow(), rtcpWindow: new ReplayWindow() };
}

/** The 48-bit index that is nearest to the newest (RFC 3711 section 3.3.1 and appendix A): right up to 32,767 lost packets in a row. */
function estimateIndex(sequence: number, newest: number | null): number {
  if (newest === null) return sequence;
  return newest + (((sequence - (newest % SEQUENCES)) << 16) >> 16);
}

/** Length of the RTP header with its CSRCs and extension; 0 when the packet is too short or no RTP. */
function headerBytes(bytes: Buffer, end: number): number {
  if (end < RTP_HEADER_BYTES) return 0;
  const first = bytes[0] ?? 0;
  if (first >> 6 !== 2) return 0;
  let length = RTP_HEADER_BYTES + 4 * (first & 0x0f);
  if ((first & 0x10) !== 0) {
    if (end < length + 4) return 0;
    length += 4 + 4 * bytes.readUInt16BE(length + 2);
  }
  return length <= end ? length : 0;
}
