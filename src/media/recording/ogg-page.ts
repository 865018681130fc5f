/**
 * Ogg pages (RFC 3533 section 6):
 *
 *   0      4   5    6               14       18       22    26   27
 *   "OggS" ver flag granule position serial   sequence CRC   segs lacing values, then the packets
 */
export interface OggPage {
  readonly serial: number;
  readonly sequence: number;
  /** End of the page's last packet in 48 kHz samples, pre-skip included (RFC 7845 section 4). */
  readonly granule: number;
  readonly first: boolean;
  readonly last: boolean;
  /** Whole packets; together at most 255 lacing values. */
  readonly packets: readonly Uint8Array[];
}

const HEADER_BYTES = 27;
export const MAX_LACING_VALUES = 255;

/** Lacing values of one packet: as many 255s as fit, then the rest, which may be 0. */
export function lacingCount(packet: Uint8Array): number {
  return Math.floor(packet.length / 255) + 1;
}

export function formatOggPage(page: OggPage): Uint8Array {
  const lacing: number[] = [];
  for (const { length } of page.packets) {
    for (let left = length; ; left -= 255) {
      lacing.push(Math.min(left, 255));
      if (left < 255) break;
    }
  }
  const bodyBytes = page.packets.reduce((sum, packet) => sum + packet.length, 0);
  const bytes = new Uint8Array(HEADER_BYTES + lacing.length + bodyBytes);
  const view = new DataView(bytes.buffer);
  bytes.set([0x4f, 0x67, 0x67, 0x53]);
  bytes[5] = (page.first ? 0x02 : 0) | (page.last ? 0x04 : 0);
  view.setBigInt64(6, BigInt(page.granule), true);
  view.setUint32(14, page.serial, true);
  view.setUint32(18, page.sequence, true);
  bytes[26] = lacing.length;
  bytes.set(lacing, HEADER_BYTES);
  let at = HEADER_BYTES + lacing.length;
  for (const packet of page.packets) {
    bytes.set(packet, at);
    at += packet.length;
  }
  view.setUint32(22, oggCrc(bytes), true);
  return bytes;
}

const crcTable = Uint32Array.from({ length: 256 }, (_, index) => {
  let crc = index << 24;
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x80000000 ? (crc << 1) ^ 0x04c11db7 : crc << 1;
  return crc >>> 0;
});

/** CRC-32 with polynomial 0x04c11db7, start 0, no reflection, over the page with a zero CRC field. */
export function oggCrc(bytes: Uint8Array): number {
  let crc = 0;
  for (const byte of bytes) crc = (crc << 8) ^ (crcTable[((crc >>> 24) ^ byte) & 0xff] ?? 0);
  return crc >>> 0;
}
