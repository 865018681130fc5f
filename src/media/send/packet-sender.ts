import type { AudioPath } from '../audio-path.ts';
import type { NegotiatedMedia } from '../contract.ts';
import { RTP_HEADER_BYTES } from '../rtp/rtp-reader.ts';
import { MAX_PAYLOAD_BYTES, RtpWriter } from '../rtp/rtp-writer.ts';
import { EVENT_PAYLOAD_BYTES, writeEvent } from '../rtp/telephone-event.ts';
import type { SrtpGate } from '../srtp/srtp-gate.ts';
import type { Endpoint, UdpSocket } from '../udp-socket.ts';
import { EventSender } from './event-sender.ts';

const MAX_CATCH_UP_PACKETS = 2;
const UNSPECIFIED = '0.0.0.0';

/** Sends one packet a tick: sound, a telephone event in its place, or nothing while held; its time passes in any case. */
export class PacketSender {
  readonly events = new EventSender();
  readonly writer: RtpWriter;
  readonly #socket: UdpSocket;
  readonly #gate: SrtpGate;
  readonly #comfortNoise: boolean;
  readonly #payload = new Uint8Array(MAX_PAYLOAD_BYTES);
  #markNext = true;
  #clockRateHz = 8_000;
  #nextMs: number | null = null;
  #eventTimestamp = 0;
  /** Packets whose time was let go, because the thread stood still for too long. */
  skipped = 0;

  /** `comfortNoise`: it goes out in place of silence, where the peer takes it. */
  constructor(socket: UdpSocket, gate: SrtpGate, random: (below: number) => number, comfortNoise = false) {
    this.#comfortNoise = comfortNoise;
    this.#socket = socket;
    this.#gate = gate;
    this.writer = new RtpWriter(random);
  }

  /** When the next packet goes out; null before the first. */
  get nextMs(): number | null {
    return this.#nextMs;
  }

  /** Sends what is due, at most two packets at once, and says when the next is. */
  tick(path: AudioPath, media: NegotiatedMedia, to: Endpoint, dueMs: number, nowMs: number): number {
    if (media.clockRateHz !== this.#clockRateHz) this.#markNext = true;
    this.#clockRateHz = media.clockRateHz;
    const intervalMs = path.intervalMs(media.ptimeMs);
    let nextMs = dueMs;
    for (let count = 0; nextMs <= nowMs || count === 0; count++) {
      nextMs += intervalMs;
      this.#nextMs = nextMs;
      if (count < MAX_CATCH_UP_PACKETS) {
        this.#send(path, media, to);
      } else {
        this.skipped++;
        this.#markNext = true;
      }
      this.writer.advance(ticksOf(media));
    }
    return nextMs;
  }

  /** The RTP timestamp that belongs to this instant, on the send clock as it really runs. */
  timestampAt(nowMs: number): number {
    const untilNextMs = (this.#nextMs ?? nowMs) - nowMs;
    return (this.writer.timestamp - Math.round((untilNextMs * this.#clockRateHz) / 1_000)) >>> 0;
  }

  #send(path: AudioPath, media: NegotiatedMedia, to: Endpoint): void {
    const isHeld = media.direction === 'recvonly' || media.direction === 'inactive' || to.address === UNSPECIFIED;
    const event = isHeld ? 'pause' : this.events.next(media.ptimeMs);
    if (event === null) {
      this.#sendSound(path, media, to);
      return;
    }
    path.skip(media.ptimeMs);
    this.#markNext = true;
    if (event === 'pause' || media.telephoneEventPayloadType === null) return;
    // All packets of an event carry the timestamp of its start, also when time is let go meanwhile.
    if (event.marker) this.#eventTimestamp = this.writer.timestamp;
    const type = media.telephoneEventPayloadType;
    const clockRateHz = media.telephoneEventClockRateHz ?? media.clockRateHz;
    const packet = this.writer.packet(type, event.marker, EVENT_PAYLOAD_BYTES, this.#eventTimestamp);
    writeEvent(packet, RTP_HEADER_BYTES, event.digit, event.end, (event.durationMs * clockRateHz) / 1_000);
    this.#transmit(packet, to);
  }

  #sendSound(path: AudioPath, media: NegotiatedMedia, to: Endpoint): void {
    const noiseType = this.#comfortNoise ? media.comfortNoisePayloadType : undefined;
    const { bytes, isNoise } =
      noiseType === undefined
        ? { bytes: path.send(this.#payload, media.ptimeMs), isNoise: false }
        : path.sendOrRest(this.#payload, media.ptimeMs);
    if (bytes > 0) {
      const type = isNoise && noiseType !== undefined ? noiseType : media.sendPayloadType;
      // The marker begins a talkspurt (RFC 3551 section 4.1); comfort noise is none.
      const packet = this.writer.packet(type, this.#markNext && !isNoise, bytes);
      for (let i = 0; i < bytes; i++) packet[RTP_HEADER_BYTES + i] = this.#payload[i] ?? 0;
      this.#transmit(packet, to);
    }
    this.#markNext = isNoise || bytes === 0;
  }

  #transmit(packet: Buffer, to: Endpoint): void {
    const sealed = this.#gate.seal(packet);
    if (sealed !== null) this.#socket.send(sealed, to);
  }
}

/** Timestamp units of one packet. */
function ticksOf(media: NegotiatedMedia): number {
  return (media.ptimeMs * media.clockRateHz) / 1_000;
}
