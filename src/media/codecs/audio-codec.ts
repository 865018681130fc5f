/** Rates at which codecs of telephony work. */
export type SampleRateHz = 8_000 | 16_000 | 24_000;

/**
 * One stream's codec, both ways. Payloads may be of any length; a codec whose packets build on each other gets them in the order in
 * which they were sent.
 */
export interface AudioCodec {
  readonly sampleRateHz: SampleRateHz;
  /** True when each payload is decoded by itself, whatever came before it. */
  readonly isStateless: boolean;
  /** How many samples `bytes[from, to)` stands for; 0 when it is no payload of this codec. Never throws. */
  samplesIn(bytes: Uint8Array, from: number, to: number): number;
  /** Decodes `bytes[from, to)` into `out` from `at` on, samples in [-1, 1]; as many as `samplesIn` says. */
  decode(bytes: Uint8Array, from: number, to: number, out: Float32Array, at: number): void;
  /** Encodes `samples` (clamped to [-1, 1)) into `out` from `at` on. Returns the payload's bytes. */
  encode(samples: Float32Array, out: Uint8Array, at: number): number;
  /** What the codec itself puts in place of lost packets; null: the jitter buffer's concealment. */
  readonly repair: PacketRepair | null;
  /** A new stream begins: what was decoded before is forgotten. */
  restart(): void;
  close(): void;
}

/** Called in the stream's order, between the packets that came. */
export interface PacketRepair {
  /** Fills `out` with the sound's continuation. */
  conceal(out: Float32Array): void;
  /** Fills `out` with the packet before `bytes[from, to)`, from what the latter tells of it. */
  recover(bytes: Uint8Array, from: number, to: number, out: Float32Array): void;
}

/** Nearest 16-bit value. A NaN becomes 0. */
export function toInt16(sample: number): number {
  const value = (sample * 32_768 + 32_768.5) | 0;
  return value < 0 ? -32_768 : value > 65_535 ? 32_767 : value - 32_768;
}
