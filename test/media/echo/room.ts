import { seededRandom } from '../jitter/network.ts';

export interface Room {
  readonly seconds: number;
  /** Level of the echo against what was sent. */
  readonly echoDb: number;
  /** From sending to hearing, ms; a tail of 50 ms follows. */
  readonly delayMs: number;
  /** Amplitude of the guest's own voice, who talks in other moments than we do; 0: nobody. */
  readonly guest: number;
}

const RATE_HZ = 24_000;
const FRAME = 1_920;
const TAIL_MS = 50;

/** Plays a synthetic voice into a synthetic room: frames of 80 ms of what was sent and of what is heard in the same time. */
export function playRoom(room: Room, hear: (sent: Float32Array, heard: Float32Array) => void): void {
  const random = seededRandom(9);
  const length = Math.floor((room.seconds * RATE_HZ) / FRAME) * FRAME;
  const sent = voice(length, 130, 0.3, 17);
  const guest = voice(length, 210, room.guest, 71);
  const tail = Array.from({ length: (TAIL_MS * RATE_HZ) / 1_000 / 20 }, (_, tap) => ({
    at: tap * 20 + Math.floor(random() * 20),
    gain: (random() - 0.5) * Math.exp(-tap / 15),
  }));
  const norm = Math.sqrt(tail.reduce((sum, { gain }) => sum + gain * gain, 0));
  const level = 10 ** (room.echoDb / 20) / norm;
  const delay = (room.delayMs * RATE_HZ) / 1_000;
  for (let start = 0; start < length; start += FRAME) {
    const heard = Float32Array.from({ length: FRAME }, (_, i) => {
      let sum = 0;
      for (const { at, gain } of tail) sum += gain * (sent[start + i - delay - at] ?? 0);
      return level * sum + (guest[start + i] ?? 0) + 0.0003 * (random() - 0.5);
    });
    hear(sent.subarray(start, start + FRAME), heard);
  }
}

/** Syllables of noise-like harmonics with pauses: enough of speech's ups and downs for an adaptive filter. */
function voice(length: number, pitchHz: number, amplitude: number, seed: number): Float32Array {
  const random = seededRandom(seed);
  const out = new Float32Array(length);
  let [gain, target, phase, lowpass] = [0, 0, 0, 0];
  for (let i = 0; i < length; i++) {
    if (i % 3_600 === 0) target = random() < 0.4 ? 0 : 0.3 + 0.7 * random();
    gain += (target - gain) / 600;
    phase += (2 * Math.PI * (pitchHz + 20 * Math.sin(i / 9_000))) / RATE_HZ;
    let sum = 0;
    for (let harmonic = 1; harmonic <= 12; harmonic++) sum += Math.sin(harmonic * phase) / harmonic;
    lowpass += (2 * (random() - 0.5) - lowpass) * 0.4;
    out[i] = amplitude * gain * (0.4 * sum + 0.6 * lowpass);
  }
  return out;
}

/** Of the mean square. */
export function loudnessDb(samples: readonly number[]): number {
  return 10 * Math.log10(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length + 1e-12);
}
