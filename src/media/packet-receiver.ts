import type { AudioPath } from './audio-path.ts';
import type { NegotiatedMedia } from './contract.ts';
import { Reception } from './rtp/reception.ts';
import { emptyRtpHeader, type RtpHeader, readRtp } from './rtp/rtp-reader.ts';
import { EventReceiver } from './rtp/telephone-event.ts';
import { SourceLock } from './source-lock.ts';
import type { SrtpGate } from './srtp/srtp-gate.ts';
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
  readonly #gate: SrtpGate;
  readonly #events: PacketReceiverEvents;
  readonly #header = emptyRtpHeader();
  readonly #digits = new EventReceiver();
  #reception: Reception | null = null;
  /** Lost of the streams (SSRCs) before this one. */
  #lostBefore = 0;
  received = 0;
  refused = 0;

  constructor(socket: UdpSocket, gate: SrtpGate, events: PacketReceiverEvents) {
    this.#socket = socket;
    this.#gate = gate;
    this.#events = events;
  }

  /** Statistics of the stream that comes now; null while none has. */
  get reception(): Reception | null {
    return this.#reception;
  }

  get lost(): number {
    return this.#lostBefore + Math.max(0, this.#reception?.cumulativeLost ?? 0);
  }

  /** After an offer: jitter of another clock is another count. */
  update({ clockRateHz }: NegotiatedMedia): void {
    if (this.#reception === null || this.#reception.clockRateHz === clockRateHz) return;
    this.#lostBefore = this.lost;
    this.#reception = null;
  }

  /** True when the datagram was a packet of the peer's. It is decrypted in place. */
  receive(datagram: Buffer, from: Endpoint, path: AudioPath, media: NegotiatedMedia, nowMs: number): boolean {
    const header = this.#header;
    const bytes = this.#gate.open(datagram);
    if (
      bytes === null ||
      !readRtp(bytes, header) ||
      !isNegotiated(header.payloadType, media) ||
      !this.lock.accepts(from, header.ssrc, header.sequence, nowMs, this.#gate.isProtected)
    ) {
      this.refused++;
      return false;
    }
    if (this.lock.isSettled(nowMs)) this.#socket.connect(from);
    this.received++;
    this.#count(header, media.clockRateHz, nowMs);
    this.#events.packet(header, nowMs);
    if (header.payloadType === media.telephoneEventPayloadType) this.#takeEvent(header, bytes, path, media, nowMs);
    else if (media.direction === 'inactive' || media.direction === 'sendonly') return true;
    else if (isComfortNoise(header.payloadType, media)) path.receiveComfortNoise(header, bytes, nowMs);
    else path.receive(header, bytes, this.#digits.isActive(nowMs), nowMs);
    return true;
  }

  #count({ ssrc, sequence, timestamp }: RtpHeader, clockRateHz: number, nowMs: number): void {
    if (this.#reception?.ssrc !== ssrc) {
      this.#lostBefore = this.lost;
      this.#reception = new Reception(ssrc, sequence, clockRateHz);
      this.#digits.reset();
    }
    this.#reception.receive(sequence, timestamp, nowMs);
  }

  #takeEvent(header: RtpHeader, bytes: Buffer, path: AudioPath, media: NegotiatedMedia, nowMs: number): void {
    // Timestamps of another clock say nothing of the sound's.
    if (media.telephoneEventClockRateHz === undefined) path.receivePause(header, nowMs);
    const { payloadStart, payloadEnd, timestamp } = header;
    const digit = this.#digits.receive(bytes, payloadStart, payloadEnd, timestamp, nowMs);
    if (digit !== null) this.#events.digit(digit, nowMs);
  }
}

function isNegotiated(payloadType: number, media: NegotiatedMedia): boolean {
  return (
    payloadType === media.receivePayloadType ||
    payloadType === media.telephoneEventPayloadType ||
    isComfortNoise(payloadType, media)
  );
}

/** The static type is taken without being negotiated: devices send it so. */
function isComfortNoise(payloadType: number, media: NegotiatedMedia): boolean {
  return payloadType === COMFORT_NOISE_PAYLOAD_TYPE || payloadType === media.comfortNoisePayloadType;
}
