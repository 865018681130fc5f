import { test } from 'tap';
import { EchoCanceller, loadEchoCanceller } from '../../../src/media/echo/echo-canceller.ts';
import { EchoMeter } from '../../../src/media/echo/echo-meter.ts';
import { ReferenceLine } from '../../../src/media/echo/reference-line.ts';
import { ResamplerFactory } from '../../../src/media/resample/resampler.ts';
import { loudnessDb, playRoom } from './room.ts';

test('the meter finds level and delay of an echo, also while the guest talks a little; a guest alone has none', (t) => {
  for (const { echoDb, delayMs, guest } of [
    { echoDb: -10, delayMs: 120, guest: 0 },
    { echoDb: -20, delayMs: 300, guest: 0 },
    { echoDb: -10, delayMs: 200, guest: 0.02 },
  ]) {
    const meter = new EchoMeter();
    playRoom({ seconds: 30, echoDb, delayMs, guest }, (sent, heard) => {
      for (let at = 0; at < sent.length; at += 480) meter.sent(sent.subarray(at, at + 480));
      meter.heard(heard, null);
    });
    const { returnLossDb, delayMs: found } = meter.figures;
    t.ok(Math.abs((returnLossDb ?? 99) + echoDb) < 4, `${echoDb} dB: return loss ${returnLossDb?.toFixed(1)} dB`);
    t.ok(Math.abs((found ?? 999) - delayMs) <= 40, `${delayMs} ms: ${found}`);
    t.equal(meter.figures.enhancementDb, null);
  }
  const meter = new EchoMeter();
  playRoom({ seconds: 30, echoDb: -80, delayMs: 120, guest: 0.3 }, (sent, heard) => {
    meter.sent(sent.subarray(0, 960));
    meter.sent(sent.subarray(960));
    meter.heard(heard, null);
  });
  t.equal(meter.figures.returnLossDb, null);
  t.end();
});

test('AEC3 takes an echo of -10 dB down by 25 dB and more, and leaves a guest alone as he is', async (t) => {
  try {
    await loadEchoCanceller();
  } catch (error) {
    t.plan(0, `needs the package @ennuicastr/webrtcaec3.js: ${error}`);
    return;
  }
  const run = (guest: number, echoDb: number) => {
    const canceller = new EchoCanceller(new ResamplerFactory());
    const [heardAll, cleanAll]: [number[], number[]] = [[], []];
    playRoom({ seconds: 12, echoDb, delayMs: 120, guest }, (sent, heard) => {
      for (let at = 0; at < sent.length; at += 480) canceller.sent(sent.subarray(at, at + 480));
      const clean = canceller.clean(heard);
      t.equal(clean.length, heard.length);
      heardAll.push(...heard);
      cleanAll.push(...clean);
    });
    canceller.close();
    return loudnessDb(heardAll.slice(-96_000)) - loudnessDb(cleanAll.slice(-96_000));
  };
  const erleDb = run(0, -10);
  t.ok(erleDb >= 25, `echo return loss enhancement ${erleDb.toFixed(1)} dB`);
  const lostDb = run(0.3, -80);
  t.ok(Math.abs(lostDb) < 1.5, `a guest alone loses ${lostDb.toFixed(1)} dB`);
});

test('what was sent waits until it is asked for, 200 ms at most; what lacks is silence and counted', (t) => {
  const line = new ReferenceLine(16_000);
  const out = new Float32Array(320);
  line.take(out);
  t.ok(out.every((sample) => sample === 0));
  t.equal(line.slips, 0, 'the lead');
  line.put(new Float32Array(160).fill(0.5));
  line.take(out);
  t.same([out[159], out[160]], [0.5, 0]);
  t.equal(line.slips, 160);
  for (let packet = 0; packet < 11; packet++) line.put(new Float32Array(320).fill(packet));
  line.take(out);
  t.equal(out[0], 1, 'the oldest is gone');
  t.end();
});
