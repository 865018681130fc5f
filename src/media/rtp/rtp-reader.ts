import { packets } from 'rtp.js';

/**
 * What a received packet says. One object is filled again for each packet, so that the path of every frame makes no garbage.
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |V=2|P|X|  CC   |M|     PT      |       sequence number         |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |                           timestamp                           |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |           synchronization source (SSRC) identifier            |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */
export interface RtpHeader {
  payloadType: number;
  marker: boolean;
  sequence: number;
  timestamp: number;
  ssrc: number;
  /** The payload is `bytes[payloadStart, payloadEnd)`. */
  payloadStart: number;
  payloadEnd: number;
}

export const RTP_HEADER_BYTES = 12;
const RTCP_HEADER_BYTES = 8;

export function emptyRtpHeader(): RtpHeader {
  return { payloadType: 0, marker: false, sequence: 0, timestamp: 0, ssrc: 0, payloadStart: 0, payloadEnd: 0 };
}

/** Reads a datagram into `header`; false when it is no RTP packet. Never throws. */
export function readRtp(bytes: Buffer, header: RtpHeader): boolean {
  if (bytes.length < RTP_HEADER_BYTES) return false;
  const first = bytes[0] ?? 0;
  if (first >> 6 !== 2) return false;
  const second = bytes[1] ?? 0;
  header.marker = second > 127;
  header.payloadType = second & 0x7f;
  header.sequence = bytes.readUInt16BE(2);
  header.timestamp = bytes.readUInt32BE(4);
  header.ssrc = bytes.readUInt32BE(8);
  header.payloadStart = RTP_HEADER_BYTES;
  header.payloadEnd = bytes.length;
  return first === 0x80 || readVariablePart(bytes, header);
}

/** True for a datagram that is RTCP on a port shared with RTP (RFC 5761 section 4). */
export function looksLikeRtcp(bytes: Buffer): boolean {
  const second = bytes[1] ?? 0;
  return bytes.length >= RTCP_HEADER_BYTES && (bytes[0] ?? 0) >> 6 === 2 && second >= 192 && second <= 223;
}

/** Padding, extensions and contributing sources: rare in telephony, so rtp.js reads them. */
function readVariablePart(bytes: Buffer, header: RtpHeader): boolean {
  try {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const payload = new packets.RtpPacket(view).getPayload();
    header.payloadStart = payload.byteOffset - bytes.byteOffset;
    header.payloadEnd = header.payloadStart + payload.byteLength;
    return true;
  } catch {
    // rtp.js throws on malformed lengths; the caller counts the packet as refused.
    return false;
  }
}
