import type { AudioCodec } from './codecs/audio-codec.ts';
import { CODEC_FORMATS } from './codecs/formats.ts';
import type { CodecName, NegotiatedMedia } from './contract.ts';
import { JitterBuffer, type JitterStats } from './jitter/jitter-buffer.ts';
import type { Resampler, ResamplerFactory } from './resample/resampler.ts';
import type { RtpHeader } from './rtp/rtp-reader.ts';

/** No packet of telephony is longer (RFC 7587 section 4.2 for Opus). */
const MAX_PACKET_MS = 120;
const ANY_OPUS = { fec: false, maxBitsPerSecond: null };
const NO_STATS: JitterStats = { packetsLate: 0, packetsDuplicate: 0, framesConcealed: 0, rebases: 0 };

/** The part of a call's sound that depends on its codec: the codec, its jitter buffer, and the way to 24 kHz and back. */
export class AudioStream {
  readonly jitter: JitterBuffer;
  readonly up: Resampler;
  readonly #name: CodecName;
  readonly #opus: NonNullable<NegotiatedMedia['opus']>;
  readonly #codec: AudioCodec;
  readonly #down: Resampler;
  readonly #decoded: Float32Array;
  readonly #before: JitterStats;

  /** The first frame is due at `dueMs`; `before` is what the streams before this one counted. */
  constructor(media: NegotiatedMedia, resamplers: ResamplerFactory, dueMs: number, before: JitterStats = NO_STATS) {
    const { clockRateHz, open } = CODEC_FORMATS[media.codec];
    this.#name = media.codec;
    this.#opus = media.opus ?? ANY_OPUS;
    this.#codec = open(this.#opus);
    const { sampleRateHz } = this.#codec;
    this.up = resamplers.up(sampleRateHz);
    this.#down = resamplers.down(sampleRateHz);
    this.#decoded = new Float32Array((MAX_PACKET_MS * sampleRateHz) / 1_000);
    this.jitter = new JitterBuffer(dueMs, { sampleRateHz, clockRateHz }, this.#codec.isStateless ? null : this.#codec);
    this.#before = before;
  }

  /** This stream where nothing changes, or the one that takes over from it. */
  changedTo(media: NegotiatedMedia, resamplers: ResamplerFactory): AudioStream {
    const asked = media.opus ?? ANY_OPUS;
    const isSame =
      media.codec === this.#name &&
      asked.fec === this.#opus.fec &&
      asked.maxBitsPerSecond === this.#opus.maxBitsPerSecond;
    if (isSame) return this;
    this.close();
    return new AudioStream(media, resamplers, this.jitter.realTimeDueMs, this.stats);
  }

  put(header: RtpHeader, bytes: Buffer, muted: boolean, nowMs: number): void {
    const { payloadStart, payloadEnd } = header;
    const length = this.#codec.samplesIn(bytes, payloadStart, payloadEnd);
    if (length === 0 || length > this.#decoded.length) return;
    if (this.#codec.isStateless) {
      const samples = this.#decoded.subarray(0, length);
      if (muted) samples.fill(0);
      else this.#codec.decode(bytes, payloadStart, payloadEnd, samples, 0);
      this.jitter.putAudio(header, samples, nowMs);
    } else if (muted) {
      this.jitter.putPause(header, nowMs);
    } else {
      this.jitter.putCoded(header, bytes.subarray(payloadStart, payloadEnd), length, nowMs);
    }
  }

  /** `said` at 24 kHz. Returns the payload's bytes. */
  encode(said: Float32Array, payload: Uint8Array): number {
    return this.#codec.encode(this.#down.lend(said), payload, 0);
  }

  /** Time passes without a packet. */
  skip(said: Float32Array): void {
    this.#down.lend(said);
  }

  get stats(): JitterStats {
    const { packetsLate, packetsDuplicate, framesConcealed, rebases } = this.jitter.stats;
    return {
      packetsLate: packetsLate + this.#before.packetsLate,
      packetsDuplicate: packetsDuplicate + this.#before.packetsDuplicate,
      framesConcealed: framesConcealed + this.#before.framesConcealed,
      rebases: rebases + this.#before.rebases,
    };
  }

  close(): void {
    this.#codec.close();
  }
}
