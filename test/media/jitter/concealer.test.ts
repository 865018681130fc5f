import { test } from 'tap';
import { Concealer } from '../../../src/media/jitter/concealer.ts';
import { seededRandom } from './network.ts';

const PACKET = 160;

/** Plays `signal` with the packets of `lost` missing; returns what comes out. */
function playWithLosses(signal: Float32Array, lost: ReadonlySet<number>): Float32Array {
  const concealer = new Concealer();
  const out = signal.slice();
  for (let packet = 0; packet < signal.length / PACKET; packet++) {
    const from = packet * PACKET;
    if (lost.has(packet)) concealer.conceal(out.fill(Number.NaN, from, from + PACKET), from, from + PACKET);
    else concealer.audio(out, from, from + PACKET);
  }
  return out;
}

/** A voice-like sound: 12 harmonics of a pitch that glides from 110 to 180 Hz, under a slow envelope. */
function voice(seconds: number): Float32Array {
  let phase = 0;
  return Float32Array.from({ length: seconds * 8_000 }, (_, i) => {
    const time = i / 8_000;
    phase += (2 * Math.PI * (145 + 35 * Math.sin(2 * Math.PI * 0.4 * time))) / 8_000;
    let sample = 0;
    for (let harmonic = 1; harmonic <= 12; harmonic++) sample += Math.sin(harmonic * phase) / harmonic;
    return 0.15 * sample * (0.6 + 0.4 * Math.sin(2 * Math.PI * 2.3 * time));
  });
}

function snrDb(reference: Float32Array, actual: Float32Array, packets: Iterable<number>): number {
  let signal = 0;
  let error = 0;
  for (const packet of packets) {
    for (let i = packet * PACKET; i < (packet + 1) * PACKET; i++) {
      signal += (reference[i] ?? 0) ** 2;
      error += ((reference[i] ?? 0) - (actual[i] ?? 0)) ** 2;
    }
  }
  return 10 * Math.log10(signal / error);
}

test('a lost packet of a voice is rebuilt far better than by silence, which has 0 dB', (t) => {
  const signal = voice(10);
  const random = seededRandom(3);
  const lost = new Set(Array.from({ length: 500 }, (_, packet) => packet).filter((p) => p > 10 && random() < 0.05));
  const snr = snrDb(signal, playWithLosses(signal, lost), lost);
  t.ok(snr > 6, `${snr.toFixed(1)} dB over ${lost.size} packets`);
  t.end();
});

test('a steady tone goes on through 10 ms of loss nearly unharmed', (t) => {
  const signal = Float32Array.from({ length: 8_000 }, (_, i) => 0.4 * Math.sin((2 * Math.PI * 200 * i) / 8_000));
  const concealer = new Concealer();
  const out = signal.slice();
  concealer.audio(out, 0, 4_000);
  concealer.conceal(out, 4_000, 4_080);
  const error = Math.max(...signal.slice(4_000, 4_080).map((sample, i) => Math.abs(sample - (out[4_000 + i] ?? 0))));
  t.ok(error < 0.02, `largest error ${error}`);
  t.end();
});

test('a long loss fades out within 60 ms and ends in the background noise that was there', (t) => {
  const random = seededRandom(5);
  // A second of noise at -60 dBFS, then a second of voice in it.
  const noise = Float32Array.from({ length: 16_000 }, () => (random() * 2 - 1) * Math.sqrt(3) * 0.001);
  const talk = voice(1);
  const signal = noise.map((sample, i) => sample + (i < 8_000 ? 0 : (talk[i - 8_000] ?? 0)));
  const out = playWithLosses(signal, new Set(Array.from({ length: 25 }, (_, index) => 75 + index)));
  const rms = (from: number, to: number) =>
    Math.sqrt(out.slice(from, to).reduce((sum, x) => sum + x * x, 0) / (to - from));
  const floor = rms(75 * PACKET + 480, 100 * PACKET);
  t.ok(floor > 0.0005 && floor < 0.002, `-60 dBFS came and ${(20 * Math.log10(floor)).toFixed(1)} dBFS is filled in`);
  t.ok(rms(75 * PACKET, 75 * PACKET + 80) > 0.03, 'the first 10 ms still carry the voice');
  t.end();
});

test('there is no click where sound breaks off or comes back', (t) => {
  const signal = voice(6);
  const lost = new Set([40, 80, 81, 120, 121, 122, 160, 200, 240]);
  const out = playWithLosses(signal, lost);
  const steepest = (sound: Float32Array, from: number, to: number) => {
    let most = 0;
    for (let i = from; i < to; i++) most = Math.max(most, Math.abs((sound[i] ?? 0) - (sound[i - 1] ?? 0)));
    return most;
  };
  const usual = steepest(signal, 1, signal.length);
  t.ok(out.every(Number.isFinite));
  t.ok(
    steepest(out, 1, out.length) < 1.5 * usual,
    `${steepest(out, 1, out.length)} against ${usual} in the voice itself`,
  );
  t.end();
});
