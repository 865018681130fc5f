import { OpusDecoder } from 'opus-decoder';
import { type Test, test } from 'tap';
import { loadOpus, type OpusSettings, opus } from '../../../src/media/codecs/opus.ts';
import { opusPacketMs } from '../../../src/media/codecs/opus-packet.ts';
import { seededRandom } from '../jitter/network.ts';
import { fitSine, sine } from '../resample/sine-fit.ts';

const PLAIN: OpusSettings = { fec: false, maxBitsPerSecond: null };

/** A codec that is ready, and a voice-like sound: harmonics of 150 Hz that swell and fade. */
async function ready(t: Test, settings: OpusSettings = PLAIN) {
  await loadOpus();
  const codec = opus(settings);
  t.teardown(() => codec.close());
  await new Promise(setImmediate);
  return codec;
}

function voice(seconds: number): Float32Array {
  return Float32Array.from({ length: 24_000 * seconds }, (_, i) => {
    const time = i / 24_000;
    let sum = 0;
    for (let k = 1; k <= 20; k++) sum += Math.sin(2 * Math.PI * 150 * k * time + k * k) / k;
    return 0.15 * sum * (0.6 + 0.4 * Math.sin(2 * Math.PI * 3 * time));
  });
}

function packets(codec: ReturnType<typeof opus>, samples: Float32Array, length: number): Uint8Array[] {
  const out: Uint8Array[] = [];
  const payload = new Uint8Array(1_280);
  for (let at = 0; at + length <= samples.length; at += length) {
    out.push(payload.slice(0, codec.encode(samples.subarray(at, at + length), payload, 0)));
  }
  return out;
}

test('Opus: a tone goes through an independent decoder; bit rate and packet times are what was asked', async (t) => {
  for (const ptimeMs of [10, 20, 40, 60]) {
    const codec = await ready(t);
    const coded = packets(codec, sine(1_000, 24_000, 1), ptimeMs * 24);
    t.ok(coded.every((packet) => codec.samplesIn(packet, 0, packet.length) === ptimeMs * 24));
    const decoder = new OpusDecoder({ sampleRate: 24_000, channels: 1 });
    await decoder.ready;
    const { channelData } = decoder.decodeFrames(coded);
    const sound = channelData[0]?.slice(12_000) ?? new Float32Array(0);
    const { amplitude } = fitSine(sound, 1_000, 24_000);
    t.ok(Math.abs(20 * Math.log10(amplitude / 0.5)) < 1, `${ptimeMs} ms: ${amplitude.toFixed(3)}`);
    decoder.free();
  }
  const limited = await ready(t, { fec: false, maxBitsPerSecond: 12_000 });
  const bits = (codec: typeof limited) =>
    packets(codec, voice(4), 480).reduce((sum, packet) => sum + packet.length * 8, 0) / 4;
  t.ok(bits(limited) < 14_000, 'maxaveragebitrate is kept');
  const usual = bits(await ready(t));
  t.ok(usual > 20_000 && usual < 34_000, `${usual} b/s`);
});

test('Opus: a lost packet is taken from the next one where the sender uses FEC, and concealed otherwise', async (t) => {
  const codec = await ready(t, { fec: true, maxBitsPerSecond: null });
  const coded = packets(codec, voice(2), 480);
  const whole = await ready(t);
  const recovering = await ready(t);
  const concealing = await ready(t);
  const error = { fec: 0, plc: 0, energy: 0 };
  const out = new Float32Array(480);
  coded.forEach((packet, index) => {
    whole.decode(packet, 0, packet.length, out, 0);
    const expected = out.slice();
    const next = coded[index + 1];
    if (index % 10 !== 9 || next === undefined) {
      recovering.decode(packet, 0, packet.length, out, 0);
      concealing.decode(packet, 0, packet.length, out, 0);
      return;
    }
    recovering.repair?.recover(next, 0, next.length, out);
    error.fec += distance(out, expected);
    concealing.repair?.conceal(out);
    error.plc += distance(out, expected);
    error.energy += distance(expected, new Float32Array(480));
  });
  const snr = (noise: number) => 10 * Math.log10(error.energy / noise);
  t.ok(snr(error.fec) > snr(error.plc) + 2, `FEC ${snr(error.fec).toFixed(1)} dB, PLC ${snr(error.plc).toFixed(1)} dB`);
  t.ok(snr(error.plc) > 0, 'what is concealed is nearer than silence');
});

test('Opus: 20,000 random packets throw nothing, stay in range, and leave the codec able to decode', async (t) => {
  const codec = await ready(t);
  const random = seededRandom(5);
  const out = new Float32Array(2_880);
  for (let round = 0; round < 20_000; round++) {
    const packet = Uint8Array.from({ length: 1 + Math.floor(random() * 80) }, () => Math.floor(random() * 256));
    const samples = codec.samplesIn(packet, 0, packet.length);
    if (samples === 0) continue;
    codec.decode(packet, 0, packet.length, out, 0);
    for (let i = 0; i < samples; i++) if (!(Math.abs(out[i] ?? 9) <= 1)) t.fail(`${out[i]} at ${i}`);
  }
  const coded = packets(codec, sine(440, 24_000, 0.5), 480);
  const sound = coded.flatMap((packet) => {
    codec.decode(packet, 0, packet.length, out, 0);
    return [...out.subarray(0, 480)];
  });
  t.ok(fitSine(Float32Array.from(sound.slice(6_000)), 440, 24_000).amplitude > 0.4);
});

test('lengths of Opus packets by their TOC', (t) => {
  const cases: [bytes: number[], ms: number][] = [
    [[], 0],
    [[0x00, 1], 10],
    [[0x08, 1], 20],
    [[0x18, 1], 60],
    [[0x19, 1, 1], 120],
    [[0x60, 1], 10],
    [[0x80, 1], 2.5],
    [[0xfc, 1], 20],
    [[0xff], 0],
    [[0xff, 3, 1], 60],
    [[0x1b, 63, 1], 0],
    [[0xff, 0, 1], 0],
  ];
  for (const [bytes, ms] of cases) t.equal(opusPacketMs(Uint8Array.from(bytes), 0, bytes.length), ms, String(bytes));
  t.equal(opusPacketMs(new Uint8Array(4_000), 0, 4_000), 0, 'no frame is so long');
  t.end();
});

function distance(one: Float32Array, other: Float32Array): number {
  return one.reduce((sum, sample, index) => sum + (sample - (other[index] ?? 0)) ** 2, 0);
}
