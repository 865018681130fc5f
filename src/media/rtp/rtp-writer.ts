import { RTP_HEADER_BYTES } from './rtp-reader.ts';

/** dgram keeps a buffer until the kernel took it: a few packets may be on their way. */
const RING = 8;
/** 40 ms of L16 at 16 kHz; with its headers it fits every network. */
export const MAX_PAYLOAD_BYTES = 1_280;
/** SRTP's tag goes behind the payload. */
const TRAILER_BYTES = 16;

/**
 * One outgoing stream (RFC 3550 section 5.1): sequence number, timestamp and SSRC start at random; the timestamp goes on
 * through silence and holds, the sequence number counts packets.
 */
export class RtpWriter {
  readonly ssrc: number;
  packetCount = 0;
  octetCount = 0;
  #sequence: number;
  #timestamp: number;
  #next = 0;
  readonly #ring: readonly Buffer[];

  /** `random`: an integer in [0, below). */
  constructor(random: (below: number) => number) {
    this.ssrc = random(2 ** 32);
    this.#sequence = random(2 ** 16);
    this.#timestamp = random(2 ** 32);
    this.#ring = Array.from({ length: RING }, () => {
      const packet = Buffer.alloc(RTP_HEADER_BYTES + MAX_PAYLOAD_BYTES + TRAILER_BYTES);
      packet[0] = 0x80;
      packet.writeUInt32BE(this.ssrc, 8);
      return packet;
    });
  }

  /** Timestamp of the next packet. */
  get timestamp(): number {
    return this.#timestamp;
  }

  /** Moves the stream's time on, whether or not a packet was sent for it. */
  advance(units: number): void {
    this.#timestamp = (this.#timestamp + units) >>> 0;
  }

  /** A packet with its header; the caller fills the payload from byte 12 on and sends it before it asks for eight more. */
  packet(payloadType: number, marker: boolean, payloadBytes: number, timestamp = this.#timestamp): Buffer {
    const packet = this.#ring[this.#next];
    if (packet === undefined || payloadBytes > MAX_PAYLOAD_BYTES)
      throw new RangeError(`Payload of ${payloadBytes} bytes`);
    this.#next = (this.#next + 1) % RING;
    packet[1] = (marker ? 0x80 : 0) | payloadType;
    packet.writeUInt16BE(this.#sequence, 2);
    packet.writeUInt32BE(timestamp, 4);
    this.#sequence = (this.#sequence + 1) & 0xffff;
    this.packetCount++;
    this.octetCount += payloadBytes;
    return packet.subarray(0, RTP_HEADER_BYTES + payloadBytes);
  }
}
