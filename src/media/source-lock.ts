import type { Endpoint } from './udp-socket.ts';

const LEARNING_WINDOW_MS = 5_000;
/** Asterisk asks for as many. */
const LEARNING_PACKETS = 4;
const MAX_SEQUENCE_STEP = 3;
const ROUTE_CHANGE_SILENCE_MS = 2_000;

interface Learning {
  readonly source: Endpoint;
  readonly ssrc: number;
  sequence: number;
  packets: number;
}

/**
 * Decides from whom RTP is taken. The address of the SDP is taken at once and always wins. Any other source (the peer is behind a
 * NAT) must send four packets in order within 5 s of the answer. Later only the locked stream itself, by its SSRC, may move to
 * another source, and only after 2 s of silence.
 */
export class SourceLock {
  #expected: Endpoint | null = null;
  #windowEndMs = 0;
  #source: Endpoint | null = null;
  #ssrc = 0;
  #lastMs = Number.NEGATIVE_INFINITY;
  #learning: Learning | null = null;

  /** The peer's address by the SDP. Unlocks when it differs from the one before. */
  expect(remote: Endpoint, nowMs: number): void {
    if (this.#expected !== null && isSame(this.#expected, remote)) return;
    this.#expected = remote;
    this.#windowEndMs = nowMs + LEARNING_WINDOW_MS;
    this.#source = null;
    this.#learning = null;
  }

  /** The 5 s begin again: the call is answered. */
  openWindow(nowMs: number): void {
    this.#windowEndMs = nowMs + LEARNING_WINDOW_MS;
  }

  /** Where the stream comes from, and so where ours goes; null while nothing is locked. */
  get source(): Endpoint | null {
    return this.#source;
  }

  /** True when nobody else can be right any more, so that the kernel may drop what comes from others. */
  isSettled(nowMs: number): boolean {
    if (this.#source === null || this.#expected === null || this.#isSilent(nowMs)) return false;
    return isSame(this.#source, this.#expected) || nowMs > this.#windowEndMs;
  }

  /** Whether a packet that is valid in itself is used. An authentic one is the peer's, wherever it comes from. */
  accepts(from: Endpoint, ssrc: number, sequence: number, nowMs: number, isAuthentic = false): boolean {
    if (isAuthentic) return this.#use(from, ssrc, nowMs);
    if (this.#source !== null && isSame(this.#source, from)) return this.#use(from, ssrc, nowMs);
    const isExpected = this.#expected !== null && isSame(this.#expected, from);
    if (this.#source === null) {
      if (isExpected) return this.#use(from, ssrc, nowMs);
      return nowMs <= this.#windowEndMs && this.#learn(from, ssrc, sequence) && this.#use(from, ssrc, nowMs);
    }
    if (isExpected && nowMs <= this.#windowEndMs) return this.#use(from, ssrc, nowMs);
    const mayMove = this.#isSilent(nowMs) && ssrc === this.#ssrc;
    return mayMove && this.#learn(from, ssrc, sequence) && this.#use(from, ssrc, nowMs);
  }

  #isSilent(nowMs: number): boolean {
    return nowMs - this.#lastMs > ROUTE_CHANGE_SILENCE_MS;
  }

  #use(from: Endpoint, ssrc: number, nowMs: number): true {
    if (this.#source === null || !isSame(this.#source, from)) this.#source = { ...from };
    this.#ssrc = ssrc;
    this.#lastMs = nowMs;
    this.#learning = null;
    return true;
  }

  #learn(from: Endpoint, ssrc: number, sequence: number): boolean {
    const learning = this.#learning;
    const step = learning === null ? 0 : (sequence - learning.sequence) & 0xffff;
    if (
      learning === null ||
      !isSame(learning.source, from) ||
      learning.ssrc !== ssrc ||
      step < 1 ||
      step > MAX_SEQUENCE_STEP
    ) {
      this.#learning = { source: { ...from }, ssrc, sequence, packets: 1 };
      return false;
    }
    learning.sequence = sequence;
    learning.packets++;
    return learning.packets >= LEARNING_PACKETS;
  }
}

function isSame(one: Endpoint, other: Endpoint): boolean {
  return one.port === other.port && one.address === other.address;
}
