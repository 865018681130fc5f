import type { AudioPath } from './audio-path.ts';
import type { NegotiatedMedia } from './contract.ts';
import { Reception } from './rtp/reception.ts';
import { emptyRtpHeader, type RtpHeader, readRtp } from './rtp/rtp-reader.ts';
import { EventReceiver } from './rtp/telephone-event.ts';
import { SourceLock } from './source-lock.ts';
import type { Endpoint, UdpSocket } from './udp-socket.ts';

const COMFORT_NOISE_PAYLOAD_TYPE = 13;

export interface PacketReceiverEvents {
  /** A packet was accepted; `header` is lent for the time of the call. */
  packet(header: RtpHeader, nowMs: number): void;
  /** A telephone event began. */
  digit(digit: string, nowMs: number): void;
}

/** Takes the peer's packets: refuses what is not its, counts loss and jitter, hands sound to the path. */
export class PacketReceiver {
  readonly lock = new SourceLock();
  readonly #socket: UdpSocket;
  readonly #events: PacketReceiverEvents;
  readonly #header = emptyRtpHeader();
  readonly #digits = new EventReceiver();
  #reception: Reception | null = null;
  /** Lost of the streams (SSRCs) before this one. */
  #lostBefore = 0;
  received = 0;
  refused = 0;

  constructor(socket: UdpSocket, events: PacketReceiverEvents) {
    this.#socket = socket;
    this.#events = events;
  }

  /** Statistics of the stream that comes now; null while none has. */
  get reception(): Reception | null {
    return this.#reception;
  }

  get lost(): number {
    return this.#lostBefore + Math.max(0, this.#reception?.cumulativeLost ?? 0);
  }

  /** True when the datagram was a packet of the peer's. */
  receive(bytes: Buffer, from: Endpoint, path: AudioPath, media: NegotiatedMedia, nowMs: number): boolean {
    const header = this.#header;
    if (
      !readRtp(bytes, header) ||
      !isNegotiated(header.payloadType, media) ||
      !this.lock.accepts(from, header.ssrc, header.sequence, nowMs)
    ) {
      this.refused++;
      return false;
    }
    if (this.lock.isSettled(nowMs)) this.#socket.connect(from);
    this.received++;
    this.#count(header, nowMs);
    this.#events.packet(header, nowMs);
    if (header.payloadType === media.telephoneEventPayloadType) this.#takeEvent(header, bytes, path, nowMs);
    else if (media.direction === 'inactive' || media.direction === 'sendonly') return true;
    else if (header.payloadType === COMFORT_NOISE_PAYLOAD_TYPE) path.receiveComfortNoise(header, bytes, nowMs);
    else path.receive(header, bytes, this.#digits.isActive(nowMs), nowMs);
    return true;
  }

  #count({ ssrc, sequence, timestamp }: RtpHeader, nowMs: number): void {
    if (this.#reception?.ssrc !== ssrc) {
      this.#lostBefore = this.lost;
      this.#reception = new Reception(ssrc, sequence, 8_000);
      this.#digits.reset();
    }
    this.#reception.receive(sequence, timestamp, nowMs);
  }

  #takeEvent(header: RtpHeader, bytes: Buffer, path: AudioPath, nowMs: number): void {
    path.receivePause(header, nowMs);
    const { payloadStart, payloadEnd, timestamp } = header;
    const digit = this.#digits.receive(bytes, payloadStart, payloadEnd, timestamp, nowMs);
    if (digit !== null) this.#events.digit(digit, nowMs);
  }
}

function isNegotiated(payloadType: number, media: NegotiatedMedia): boolean {
  return (
    payloadType === media.receivePayloadType ||
    payloadType === media.telephoneEventPayloadType ||
    payloadType === COMFORT_NOISE_PAYLOAD_TYPE
  );
}
