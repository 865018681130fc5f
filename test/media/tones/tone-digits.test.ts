import { test } from 'tap';
import { g711 } from '../../../src/media/codecs/g711.ts';
import { ToneDigits } from '../../../src/media/tones/tone-digits.ts';
import { seededRandom } from '../jitter/network.ts';

const ROWS = [697, 770, 852, 941];
const COLUMNS = [1_209, 1_336, 1_477, 1_633];
const KEYS = '123A456B789C*0#D';

interface Press {
  readonly key: string;
  readonly ms: number;
  readonly gapMs: number;
  readonly low?: number;
  readonly high?: number;
  /** Both frequencies are off by this share. */
  readonly off?: number;
}

function press({ key, ms, gapMs, low = 0.2, high = 0.2, off = 0 }: Press, rateHz: number): number[] {
  const index = KEYS.indexOf(key);
  const lowHz = (ROWS[Math.floor(index / 4)] ?? 0) * (1 + off);
  const highHz = (COLUMNS[index % 4] ?? 0) * (1 + off);
  const length = Math.round((ms * rateHz) / 1_000);
  const sine = (hz: number, i: number) => Math.sin((2 * Math.PI * hz * i) / rateHz + index);
  const tone = Array.from({ length }, (_, i) => low * sine(lowHz, i) + high * sine(highHz, i));
  return [...tone, ...new Array<number>(Math.round((gapMs * rateHz) / 1_000)).fill(0)];
}

/** In the frames in which the jitter buffer hands it on. */
function hear(samples: readonly number[], rateHz: number, noise = 0): string {
  const digits = new ToneDigits(rateHz);
  const random = seededRandom(5);
  const all = Float32Array.from([...samples, ...new Array<number>(rateHz / 10).fill(0)], (sample) => {
    return sample + noise * Math.sqrt(3) * (2 * random() - 1);
  });
  const frame = (80 * rateHz) / 1_000;
  let keys = '';
  for (let at = 0; at < all.length; at += frame) keys += digits.hear(all.subarray(at, at + frame));
  return keys;
}

for (const rateHz of [8_000, 16_000, 24_000]) {
  test(`${rateHz} Hz: all 16 keys, 40 ms long and 40 ms apart, wherever they begin; 10 ms of silence do not part one`, (t) => {
    for (let shift = 0; shift < 8; shift++) {
      const before = new Array<number>(Math.round((shift * rateHz) / 1_000)).fill(0);
      const all = [...KEYS].flatMap((key) => press({ key, ms: 40, gapMs: 40 }, rateHz));
      t.equal(hear([...before, ...all], rateHz), KEYS);
    }
    t.equal(
      hear(
        [...KEYS].flatMap(() => press({ key: '7', ms: 50, gapMs: 50 }, rateHz)),
        rateHz,
      ),
      '7'.repeat(16),
    );
    const broken = [press({ key: '5', ms: 60, gapMs: 10 }, rateHz), press({ key: '5', ms: 60, gapMs: 50 }, rateHz)];
    t.equal(hear(broken.flat(), rateHz), '5');
    t.end();
  });
}

const variants: readonly { readonly what: string; readonly change: Partial<Press>; readonly isHeard: boolean }[] = [
  { what: '20 ms short', change: { ms: 20 }, isHeard: false },
  { what: 'high tone 4 dB stronger', change: { low: 0.15, high: 0.15 * 10 ** (4 / 20) }, isHeard: true },
  { what: 'high tone 8 dB stronger', change: { low: 0.1, high: 0.1 * 10 ** (8 / 20) }, isHeard: false },
  { what: 'low tone 8 dB stronger', change: { high: 0.1, low: 0.1 * 10 ** (8 / 20) }, isHeard: true },
  { what: 'low tone 12 dB stronger', change: { high: 0.1, low: 0.1 * 10 ** (12 / 20) }, isHeard: false },
  { what: '1.5 % too high', change: { off: 0.015 }, isHeard: true },
  { what: '1.5 % too low', change: { off: -0.015 }, isHeard: true },
  { what: '3.5 % too high', change: { off: 0.035 }, isHeard: false },
  { what: '3.5 % too low', change: { off: -0.035 }, isHeard: false },
  { what: '-36 dBFS', change: { low: 0.0158, high: 0.0158 }, isHeard: true },
  { what: '-46 dBFS', change: { low: 0.005, high: 0.005 }, isHeard: false },
];

for (const { what, change, isHeard } of variants) {
  test(`a key ${what} is ${isHeard ? 'heard' : 'none'} (ITU-T Q.24)`, (t) => {
    for (const key of KEYS) {
      const sound = press({ key, ms: 60, gapMs: 50, ...change }, 8_000);
      t.equal(hear(sound, 8_000), isHeard ? key : '', key);
    }
    t.end();
  });
}

test('keys are heard through PCMU and in noise 15 dB below them', (t) => {
  const sound = Float32Array.from([...KEYS].flatMap((key) => press({ key, ms: 50, gapMs: 50 }, 8_000)));
  const codec = g711('PCMU');
  const coded = new Uint8Array(sound.length);
  codec.encode(sound, coded, 0);
  const decoded = new Float32Array(sound.length);
  codec.decode(coded, 0, coded.length, decoded, 0);
  t.equal(hear([...decoded], 8_000), KEYS);
  t.equal(hear([...sound], 8_000, 0.2 * 10 ** (-15 / 20)), KEYS);
  t.end();
});

test('a minute of a voice and of noise are no key', (t) => {
  const random = seededRandom(3);
  const digits = new ToneDigits(8_000);
  let keys = '';
  let phase = 0;
  // Vowels: harmonics of a gliding pitch under two formants that jump every 150 ms, as those of speech do.
  let [first, second] = [500, 1_500];
  for (let block = 0; block < 400; block++) {
    const pitchHz = 90 + 160 * random();
    const glide = (random() - 0.5) * 60;
    [first, second] = [300 + 600 * random(), 900 + 1_400 * random()];
    const isNoise = random() < 0.2;
    const samples = Float32Array.from({ length: 1_200 }, (_, i) => {
      phase += (2 * Math.PI * (pitchHz + (glide * i) / 1_200)) / 8_000;
      if (isNoise) return 0.2 * (2 * random() - 1);
      let sum = 0;
      for (let harmonic = 1; harmonic * pitchHz < 3_400; harmonic++) {
        const gain = (hz: number) => 1 / (1 + ((harmonic * pitchHz - hz) / 120) ** 2) / harmonic ** 0.5;
        sum += (gain(first) + 0.6 * gain(second)) * Math.sin(harmonic * phase);
      }
      return 0.15 * sum;
    });
    keys += digits.hear(samples);
  }
  t.equal(keys, '');
  t.end();
});
