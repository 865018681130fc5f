import type { NegotiatedMedia, SrtpKeys, SrtpProfileName } from '../../../src/media/contract.ts';
import { formatRtcp } from '../../../src/media/rtp/rtcp.ts';
import { MASTER_BYTES } from '../../../src/media/srtp/profile.ts';

/** What one fuzzed call has agreed on. */
export interface FuzzedCall {
  readonly name: string;
  readonly media: NegotiatedMedia;
  /** Bytes of one 20 ms payload. */
  readonly payloadBytes: number;
}

const base = {
  sendPayloadType: 0,
  receivePayloadType: 0,
  clockRateHz: 8_000,
  ptimeMs: 20,
  telephoneEventPayloadType: 101,
  remote: { address: '192.0.2.9', port: 4_000 },
  direction: 'sendrecv',
  rtcpMux: true,
} as const;

export function srtpKeys(profile: SrtpProfileName): SrtpKeys {
  const key = Uint8Array.from({ length: MASTER_BYTES[profile] }, (_, i) => i);
  return { profile, tag: 1, sendKey: key, receiveKey: key };
}

export const fuzzedCalls: readonly FuzzedCall[] = [
  { name: 'PCMU', media: { ...base, codec: 'PCMU' }, payloadBytes: 160 },
  {
    name: 'G722, SRTP with HMAC',
    media: { ...base, codec: 'G722', receivePayloadType: 9, srtp: srtpKeys('AES_CM_128_HMAC_SHA1_80') },
    payloadBytes: 160,
  },
  {
    name: 'Opus',
    media: { ...base, codec: 'opus', receivePayloadType: 96, sendPayloadType: 96, clockRateHz: 48_000 },
    payloadBytes: 60,
  },
  {
    name: 'PCMA, SRTP with GCM',
    media: { ...base, codec: 'PCMA', receivePayloadType: 8, srtp: srtpKeys('AEAD_AES_128_GCM') },
    payloadBytes: 160,
  },
];

export const SSRC = 0x0badcafe;

/** A packet of the stream that a well-behaved peer would send now. */
export function rtpPacket({ media, payloadBytes }: FuzzedCall, index: number, byte: (below: number) => number): Buffer {
  const isEvent = byte(12) === 0;
  const payload = isEvent ? Buffer.from([byte(17), byte(2) * 0x80 + 10, 3, 32]) : Buffer.alloc(payloadBytes, byte(256));
  for (let i = 0; i < 20 && !isEvent; i++) payload[byte(payload.length)] = byte(256);
  const packet = Buffer.alloc(12 + payload.length);
  packet[0] = 0x80;
  packet[1] = isEvent ? 101 : byte(20) === 0 ? 13 : media.receivePayloadType;
  packet.writeUInt16BE(index & 0xffff, 2);
  packet.writeUInt32BE((index * (media.clockRateHz / 50)) >>> 0, 4);
  packet.writeUInt32BE(SSRC, 8);
  packet.set(payload, 12);
  return packet;
}

export function rtcpPacket(index: number): Buffer {
  const block = {
    ssrc: 1,
    fractionLost: 3,
    cumulativeLost: index % 1_000,
    extendedHighest: index,
    jitter: 40,
    lastSr: 0,
    delaySinceLastSr: 0,
  };
  const sender =
    index % 2 === 0
      ? { wallMs: 20 * index, rtpTimestamp: 160 * index, packetCount: index, octetCount: 160 * index }
      : null;
  return Buffer.from(formatRtcp({ ssrc: SSRC, cname: 'post@192.0.2.9', sender, block, bye: index % 50 === 0 }));
}

export const rtpWords: readonly Uint8Array[] = [
  [0x80],
  [0x90],
  [0xa0],
  [0xbf],
  [0xff],
  [0x80, 200],
  [0x81, 201],
  [0x80, 202],
  [0x80, 203],
  [0x80, 207],
  [0xbe, 0xde, 0, 1],
  [0, 0, 0, 0],
  [0xff, 0xff, 0xff, 0xff],
  [0x7f, 0xff],
  [0x10, 0, 0xff, 0xff],
  [0, 1, 0, 200],
].map((bytes) => Uint8Array.from(bytes));
