/**
 * What AEC3 takes out of synthetic rooms: echo return loss enhancement with the guest silent, what a guest alone loses, and what it costs.
 *
 *     node bench/echo.ts
 */
import { EchoCanceller, loadEchoCanceller } from '../src/media/echo/echo-canceller.ts';
import { EchoMeter } from '../src/media/echo/echo-meter.ts';
import { ResamplerFactory } from '../src/media/resample/resampler.ts';
import { loudnessDb, playRoom } from '../test/media/echo/room.ts';
import { machine } from './figures.ts';

const SECONDS = 20;
const PACKET = 480;

await loadEchoCanceller();
console.log(machine());
console.log(
  '| echo, dB | delay, ms | meter: return loss, dB | meter: delay, ms | ERLE after 2 s / 15 s, dB | us for 20 ms |',
);
console.log('| --- | --- | --- | --- | --- | --- |');
for (const echoDb of [0, -10, -20]) {
  for (const delayMs of [60, 120, 300, 400]) {
    const { heard, clean, us, meter } = run(echoDb, delayMs, 0);
    const { returnLossDb, delayMs: found } = meter.figures;
    const erle = (second: number) => {
      const part = (samples: readonly number[]) => samples.slice(second * 24_000, (second + 5) * 24_000);
      return (loudnessDb(part(heard)) - loudnessDb(part(clean))).toFixed(1);
    };
    console.log(
      `| ${echoDb} | ${delayMs} | ${returnLossDb?.toFixed(1) ?? '-'} | ${found ?? '-'} | ${erle(2)} / ${erle(15)} | ${us.toFixed(0)} |`,
    );
  }
}
const alone = run(-80, 120, 0.3);
console.log(`a guest alone loses ${(loudnessDb(alone.heard) - loudnessDb(alone.clean)).toFixed(1)} dB`);

function run(echoDb: number, delayMs: number, guest: number) {
  const canceller = new EchoCanceller(new ResamplerFactory());
  const meter = new EchoMeter();
  const [heardAll, cleanAll]: [number[], number[]] = [[], []];
  let spentMs = 0;
  playRoom({ seconds: SECONDS, echoDb, delayMs, guest }, (sent, heard) => {
    const startMs = performance.now();
    for (let at = 0; at < sent.length; at += PACKET) canceller.sent(sent.subarray(at, at + PACKET));
    const clean = canceller.clean(heard);
    spentMs += performance.now() - startMs;
    for (let at = 0; at < sent.length; at += PACKET) meter.sent(sent.subarray(at, at + PACKET));
    meter.heard(heard, clean);
    heardAll.push(...heard);
    cleanAll.push(...clean);
  });
  canceller.close();
  return { heard: heardAll, clean: cleanAll, meter, us: (1_000 * spentMs) / (SECONDS * 50) };
}
