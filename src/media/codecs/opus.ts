import {
  Application,
  createDecoder,
  createEncoder,
  loadLibopus,
  type OpusDecoderHandle,
  type OpusEncoderHandle,
  Signal,
} from 'libopus-wasm';
import type { AudioCodec, PacketRepair } from './audio-codec.ts';
import { opusPacketMs } from './opus-packet.ts';

const SAMPLE_RATE_HZ = 24_000;
const SAMPLES_PER_MS = SAMPLE_RATE_HZ / 1_000;
const DEFAULT_BITS_PER_SECOND = 28_000;
const MIN_BITS_PER_SECOND = 6_000;
/** A third of a millisecond of CPU a packet on an old core; 10 takes twice as long. */
const COMPLEXITY = 5;
/** Without a report of the far end, FEC expects what a poor radio link loses; libopus adds none below some 5 %. */
const EXPECTED_LOSS_PERCENT = 10;
const MAX_PACKET_BYTES = 1_275;
/** libopus conceals in steps of 2.5 ms, and at most 120 ms at once. */
const CONCEAL_STEP = 2.5 * SAMPLES_PER_MS;
const MAX_CONCEAL = 120 * SAMPLES_PER_MS;

export interface OpusSettings {
  /** The far end's fmtp has `useinbandfec=1` (RFC 7587 section 6.1). */
  readonly fec: boolean;
  /** Its `maxaveragebitrate`; null when it says none. */
  readonly maxBitsPerSecond: number | null;
}

/** Loads libopus for this thread. After it, an `opus` codec is ready before the event loop's next turn. */
export async function loadOpus(): Promise<void> {
  await loadLibopus();
}

/**
 * Opus (RFC 6716) by libopus, at 24 kHz mono: no resampling beside the model. The decoder takes what any sender sends, stereo and
 * full band too, and conceals by itself; packets of the sender's FEC replace lost ones.
 */
export function opus(settings: OpusSettings): AudioCodec {
  return new OpusCodec(settings);
}

class OpusCodec implements AudioCodec, PacketRepair {
  readonly sampleRateHz = SAMPLE_RATE_HZ;
  readonly isStateless = false;
  readonly repair = this;
  #encoder: OpusEncoderHandle | null = null;
  #decoder: OpusDecoderHandle | null = null;
  #closed = false;

  constructor(settings: OpusSettings) {
    void this.#open(settings);
  }

  async #open({ fec, maxBitsPerSecond }: OpusSettings): Promise<void> {
    const bitrate = Math.max(MIN_BITS_PER_SECOND, Math.min(DEFAULT_BITS_PER_SECOND, maxBitsPerSecond ?? Infinity));
    const [encoder, decoder] = await Promise.all([
      createEncoder({
        sampleRate: SAMPLE_RATE_HZ,
        channels: 1,
        application: Application.Voip,
        signal: Signal.Voice,
        bitrate,
        complexity: COMPLEXITY,
        vbr: true,
        vbrConstraint: true,
        fec,
        packetLossPercent: fec ? EXPECTED_LOSS_PERCENT : 0,
      }),
      createDecoder({ sampleRate: SAMPLE_RATE_HZ, channels: 1 }),
    ]);
    this.#encoder = encoder;
    this.#decoder = decoder;
    if (this.#closed) this.close();
  }

  samplesIn(bytes: Uint8Array, from: number, to: number): number {
    return opusPacketMs(bytes, from, to) * SAMPLES_PER_MS;
  }

  decode(bytes: Uint8Array, from: number, to: number, out: Float32Array, at: number): void {
    const length = this.samplesIn(bytes, from, to);
    this.#fill(out.subarray(at, at + length), bytes.subarray(from, to), false);
  }

  conceal(out: Float32Array): void {
    for (let at = 0; at < out.length; at += MAX_CONCEAL) this.#fill(out.subarray(at, at + MAX_CONCEAL), null, false);
  }

  recover(bytes: Uint8Array, from: number, to: number, out: Float32Array): void {
    this.#fill(out, bytes.subarray(from, to), true);
  }

  /** A packet that libopus refuses leaves silence. Its output may go far beyond [-1, 1] for a malicious packet. */
  #fill(out: Float32Array, packet: Uint8Array | null, decodeFec: boolean): void {
    const frameSize =
      packet === null || decodeFec ? Math.ceil(out.length / CONCEAL_STEP) * CONCEAL_STEP : Math.max(out.length, 1);
    let samples: Float32Array;
    try {
      samples = this.#decoder?.decodeFloat(packet, { decodeFec, frameSize }) ?? new Float32Array(0);
    } catch {
      samples = new Float32Array(0);
    }
    for (let i = 0; i < out.length; i++) out[i] = Math.max(-1, Math.min(1, samples[i] ?? 0));
  }

  encode(samples: Float32Array, out: Uint8Array, at: number): number {
    const packet = this.#encoder?.encodeFloat(samples, {
      frameSize: samples.length,
      maxPacketBytes: MAX_PACKET_BYTES,
    });
    if (packet === undefined) return 0;
    out.set(packet, at);
    return packet.length;
  }

  /** libopus finds its way into a new stream within a packet. */
  restart(): void {}

  close(): void {
    this.#closed = true;
    this.#encoder?.free();
    this.#decoder?.free();
    this.#encoder = null;
    this.#decoder = null;
  }
}
