import { type AudioCodec, toInt16 } from './audio-codec.ts';
import { G722Band, HIGH_STEPS, LOW_STEPS, saturate } from './g722-band.ts';

/**
 * G.722 at 64 kb/s (ITU-T, 09/2012, mode 1): 16 kHz sound is split into two bands of 8 kHz; the lower has 6 bits of each byte, the
 * upper 2. Its RTP clock runs at 8 kHz by an old mistake (RFC 3551 section 4.5.2).
 */
export function g722(): AudioCodec {
  let decoder = new G722Decoder();
  const encoder = new G722Encoder();
  return {
    sampleRateHz: 16_000,
    isStateless: false,
    repair: null,
    samplesIn: (_bytes, from, to) => 2 * Math.max(0, to - from),
    decode: (bytes, from, to, out, at) => decoder.decode(bytes, from, to, out, at),
    encode: (samples, out, at) => encoder.encode(samples, out, at),
    restart() {
      decoder = new G722Decoder();
    },
    close() {},
  };
}

// Values that codes of 6, 4 and 2 bits stand for, in 1/32768 of the step (tables of QQ6, QQ4 and QQ2).
const VALUES_6 = Int32Array.from([
  -136, -136, -136, -136, -24808, -21904, -19008, -16704, -14984, -13512, -12280, -11192, -10232, -9360, -8576, -7856,
  -7192, -6576, -6000, -5456, -4944, -4464, -4008, -3576, -3168, -2776, -2400, -2032, -1688, -1360, -1040, -728, 24808,
  21904, 19008, 16704, 14984, 13512, 12280, 11192, 10232, 9360, 8576, 7856, 7192, 6576, 6000, 5456, 4944, 4464, 4008,
  3576, 3168, 2776, 2400, 2032, 1688, 1360, 1040, 728, 432, 136, -432, -136,
]);
const VALUES_4 = Int32Array.from([
  0, -20456, -12896, -8968, -6288, -4240, -2584, -1200, 20456, 12896, 8968, 6288, 4240, 2584, 1200, 0,
]);
const VALUES_2 = Int32Array.from([-7408, -1616, 7408, 1616]);
/** How the step changes after each code (WL by RL42, WH by RH2). */
const LOG_MULTIPLIERS_4 = Int32Array.from([
  -60, 3042, 1198, 538, 334, 172, 58, -30, 3042, 1198, 538, 334, 172, 58, -30, -60,
]);
const LOG_MULTIPLIERS_2 = Int32Array.from([798, -214, 798, -214]);
/** Decision levels of the lower band in 1/4096 of the step (Q6); the code counts those that are reached. */
const DECISIONS_6 = Int32Array.from([
  35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650, 714, 786, 858, 940, 1023, 1121, 1219, 1339, 1458,
  1612, 1765, 1980, 2195, 2557, 2919,
]);
const DECISION_2 = 564;
/** The quadrature mirror filter's even taps; its odd ones are the same in reverse. */
const MIRROR_TAPS = Int32Array.from([3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11]);
const TAPS = 12;

class G722Encoder {
  readonly #low = new G722Band(LOW_STEPS);
  readonly #high = new G722Band(HIGH_STEPS);
  readonly #line = new MirrorLine();

  /** Two samples a byte. */
  encode(samples: Float32Array, out: Uint8Array, at: number): number {
    const bytes = samples.length >> 1;
    for (let i = 0; i < bytes; i++) {
      this.#line.push(toInt16(samples[2 * i] ?? 0), toInt16(samples[2 * i + 1] ?? 0));
      const { straight, mirrored } = this.#line;
      const low = this.#encodeLow((mirrored + straight) >> 14);
      const high = this.#encodeHigh((mirrored - straight) >> 14);
      out[at + i] = (high << 6) | low;
    }
    return bytes;
  }

  #encodeLow(value: number): number {
    const band = this.#low;
    const error = saturate(value - band.predicted);
    const size = error < 0 ? ~error : error;
    let level = 0;
    while (level < DECISIONS_6.length && size >= ((DECISIONS_6[level] ?? 0) * band.step) >> 12) level++;
    // The smallest two negative codes are written apart from the rest.
    const code = error >= 0 ? 61 - level : level < 2 ? 63 - level : 33 - level;
    adaptLow(band, code);
    return code;
  }

  #encodeHigh(value: number): number {
    const band = this.#high;
    const error = saturate(value - band.predicted);
    const isLarge = (error < 0 ? ~error : error) >= (DECISION_2 * band.step) >> 12;
    const code = (error < 0 ? 1 : 3) - (isLarge ? 1 : 0);
    adaptHigh(band, code);
    return code;
  }
}

class G722Decoder {
  readonly #low = new G722Band(LOW_STEPS);
  readonly #high = new G722Band(HIGH_STEPS);
  readonly #line = new MirrorLine();

  decode(bytes: Uint8Array, from: number, to: number, out: Float32Array, at: number): void {
    for (let i = from; i < to; i++) {
      const byte = bytes[i] ?? 0;
      const code = byte & 0x3f;
      const low = limit15(this.#low.predicted + ((this.#low.step * (VALUES_6[code] ?? 0)) >> 15));
      adaptLow(this.#low, code);
      const expected = this.#high.predicted;
      const high = limit15(expected + adaptHigh(this.#high, byte >> 6));
      this.#line.push(low + high, low - high);
      const { straight, mirrored } = this.#line;
      out[at++] = saturate(mirrored >> 11) / 32_768;
      out[at++] = saturate(straight >> 11) / 32_768;
    }
  }
}

/** The predictor of the lower band uses four of the six bits, so that the other two may be taken away on the line. */
function adaptLow(band: G722Band, code: number): void {
  const short = code >> 2;
  band.adapt((band.step * (VALUES_4[short] ?? 0)) >> 15, LOG_MULTIPLIERS_4[short] ?? 0);
}

/** Returns the difference that the code stands for. */
function adaptHigh(band: G722Band, code: number): number {
  const difference = (band.step * (VALUES_2[code] ?? 0)) >> 15;
  band.adapt(difference, LOG_MULTIPLIERS_2[code] ?? 0);
  return difference;
}

/** The last 24 values, and both sums of the mirror filter over them. The line is written twice so that it never wraps inside a sum. */
class MirrorLine {
  readonly #even = new Int32Array(2 * TAPS);
  readonly #odd = new Int32Array(2 * TAPS);
  #oldest = 0;
  straight = 0;
  mirrored = 0;

  push(even: number, odd: number): void {
    const at = this.#oldest;
    this.#even[at] = even;
    this.#even[at + TAPS] = even;
    this.#odd[at] = odd;
    this.#odd[at + TAPS] = odd;
    this.#oldest = at + 1 === TAPS ? 0 : at + 1;
    let straight = 0;
    let mirrored = 0;
    for (let i = 0; i < TAPS; i++) {
      straight += (this.#even[this.#oldest + i] ?? 0) * (MIRROR_TAPS[i] ?? 0);
      mirrored += (this.#odd[this.#oldest + i] ?? 0) * (MIRROR_TAPS[TAPS - 1 - i] ?? 0);
    }
    this.straight = straight;
    this.mirrored = mirrored;
  }
}

function limit15(value: number): number {
  return value > 16_383 ? 16_383 : Math.max(value, -16_384);
}
