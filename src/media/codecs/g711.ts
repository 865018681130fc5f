import { type AudioCodec, toInt16 } from './audio-codec.ts';

/**
 * G.711 (ITU-T, 11/1988), table-driven. Negative input is folded by one's complement as in ITU's G.191 reference, so all 65,536
 * inputs give the reference's codes; encoders that fold by two's complement differ by one code at 127 decision values.
 */
export function g711(name: 'PCMU' | 'PCMA'): AudioCodec {
  return name === 'PCMU' ? mulaw : alaw;
}

/** Code of a 16-bit sample: mu-law has 14 bits, a bias of 33 and eight segments that double (G.711 table 2a). */
export function encodeMulawSample(sample: number): number {
  const magnitude = Math.min((sample < 0 ? ~sample : sample) >> 2, 8158) + 33;
  // Segment 0 holds biased magnitudes 33..63, segment 7 4096..8191.
  const segment = 26 - Math.clz32(magnitude);
  const step = (magnitude >> (segment + 1)) & 0x0f;
  // Mu-law codes are sent inverted; the sign bit of a positive value is 1.
  return (sample < 0 ? 0x7f : 0xff) ^ ((segment << 4) | step);
}

/** Code of a 16-bit sample: A-law has 13 bits, a linear first segment pair, and even bits inverted (G.711 table 1a). */
export function encodeAlawSample(sample: number): number {
  const magnitude = (sample < 0 ? ~sample : sample) >> 4;
  const segment = Math.max(0, 28 - Math.clz32(magnitude));
  const step = segment === 0 ? magnitude : (magnitude >> (segment - 1)) & 0x0f;
  return ((sample < 0 ? 0x00 : 0x80) | (segment << 4) | step) ^ 0x55;
}

/** 16-bit value of a mu-law code: the middle of its interval. */
export function decodeMulawCode(code: number): number {
  const inverted = ~code & 0xff;
  const segment = (inverted >> 4) & 7;
  const magnitude = ((2 * (inverted & 0x0f) + 33) << segment) - 33;
  return (inverted & 0x80 ? -magnitude : magnitude) * 4;
}

/** 16-bit value of an A-law code: the middle of its interval. */
export function decodeAlawCode(code: number): number {
  const straight = code ^ 0x55;
  const segment = (straight >> 4) & 7;
  const steps = 2 * (straight & 0x0f) + 1;
  const magnitude = segment === 0 ? steps : (steps + 32) << (segment - 1);
  return (straight & 0x80 ? magnitude : -magnitude) * 8;
}

const mulaw = tableCodec(encodeMulawSample, decodeMulawCode);
const alaw = tableCodec(encodeAlawSample, decodeAlawCode);

function tableCodec(encodeSample: (sample: number) => number, decodeCode: (code: number) => number): AudioCodec {
  const codes = new Uint8Array(65_536);
  for (let sample = -32_768; sample <= 32_767; sample++) codes[sample + 32_768] = encodeSample(sample);
  const values = new Float32Array(256);
  for (let code = 0; code < 256; code++) values[code] = decodeCode(code) / 32_768;
  return {
    sampleRateHz: 8_000,
    isStateless: true,
    repair: null,
    samplesIn: (_bytes, from, to) => Math.max(0, to - from),
    decode(bytes, from, to, out, at) {
      for (let i = from; i < to; i++) out[at + i - from] = values[bytes[i] ?? 0] ?? 0;
    },
    encode(samples, out, at) {
      for (let i = 0; i < samples.length; i++) out[at + i] = codes[toInt16(samples[i] ?? 0) + 32_768] ?? 0;
      return samples.length;
    },
    restart() {},
    close() {},
  };
}
