import { type AudioCodec, type SampleRateHz, toInt16 } from './audio-codec.ts';

const BYTES = 2;

/** Linear 16-bit samples in network order (RFC 3551 section 4.5.11). */
export function l16(sampleRateHz: SampleRateHz): AudioCodec {
  return {
    sampleRateHz,
    isStateless: true,
    repair: null,
    samplesIn: (_bytes, from, to) => Math.floor(Math.max(0, to - from) / BYTES),
    decode(bytes, from, to, out, at) {
      for (let i = from; i + 1 < to; i += BYTES) {
        out[at++] = ((((bytes[i] ?? 0) << 24) >> 16) | (bytes[i + 1] ?? 0)) / 32_768;
      }
    },
    encode(samples, out, at) {
      for (const sample of samples) {
        const value = toInt16(sample);
        out[at++] = value >> 8;
        out[at++] = value;
      }
      return samples.length * BYTES;
    },
    restart() {},
    close() {},
  };
}
