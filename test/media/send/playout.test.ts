import { test } from 'tap';
import { ClipQueue } from '../../../src/media/send/clip-queue.ts';
import { EventSender } from '../../../src/media/send/event-sender.ts';
import { LevelLoop } from '../../../src/media/send/level-loop.ts';
import { MAX_CUSHION_MS, PlayoutQueue } from '../../../src/media/send/playout-queue.ts';

const PACKET = 480;
const ramp = (from: number, length: number) => Float32Array.from({ length }, (_, i) => (from + i) / 100_000);

test('frames leave whole and in order behind 20 ms of filler', (t) => {
  const queue = new PlayoutQueue();
  queue.push(ramp(0, 1_920));
  queue.push(ramp(1_920, 1_920));
  t.equal(queue.levelMs, 180);
  const out: number[] = [];
  for (let packet = 0; packet < 9; packet++) {
    const samples = new Float32Array(PACKET);
    t.equal(queue.take(samples), true);
    out.push(...samples);
  }
  t.ok(
    out.slice(0, PACKET).every((sample) => Math.abs(sample) < 0.001),
    'filler of -70 dBFS',
  );
  t.same(Float32Array.from(out.slice(PACKET + 48)), ramp(48, 3_840 - 48));
  t.equal(queue.levelMs, 0);
  t.end();
});

test('an empty queue gives quiet filler and says so; before the first frame it is no underrun', (t) => {
  const queue = new PlayoutQueue();
  const out = new Float32Array(PACKET);
  t.equal(queue.take(out), true);
  queue.push(new Float32Array(PACKET).fill(0.5));
  queue.take(out);
  queue.take(out);
  t.equal(out[PACKET - 1], 0.5);
  t.equal(queue.take(out), false);
  t.ok(Math.abs(out[0] ?? 0) > 0.4 && Math.abs(out[60] ?? 1) < 0.001, 'the last sample fades within 2 ms');
  const rms = Math.sqrt(out.slice(60).reduce((sum, sample) => sum + sample * sample, 0) / 420);
  t.ok(Math.abs(20 * Math.log10(rms) + 70) < 1, `${(20 * Math.log10(rms)).toFixed(1)} dBFS`);
  t.end();
});

test('10 ms go out of silence only, without a step', (t) => {
  const queue = new PlayoutQueue();
  queue.push(new Float32Array(1_920).fill(0.3));
  queue.push(Float32Array.from({ length: 1_920 }, (_, i) => 0.002 * Math.sin(i / 40)));
  queue.take(new Float32Array(PACKET));
  t.equal(queue.dropQuiet(), false, 'somebody speaks');
  queue.take(new Float32Array(1_920));
  t.equal(queue.dropQuiet(), true);
  t.equal(queue.levelMs, 70);
  const out = new Float32Array(1_680);
  queue.take(out);
  const steepest = Math.max(...out.slice(50).map((sample, i) => Math.abs(sample - (out[i + 49] ?? 0))));
  t.ok(steepest < 0.0002, `steepest step ${steepest}`);
  t.end();
});

test('never more than one frame and the cushion is held: the oldest sound goes, and where it went there is no click', (t) => {
  const queue = new PlayoutQueue();
  const frames = Array.from({ length: 10 }, (_, frame) =>
    Float32Array.from({ length: 1_920 }, (_, i) => 0.4 * Math.sin((2 * Math.PI * 300 * (frame * 1_920 + i)) / 24_000)),
  );
  queue.push(frames[0] ?? new Float32Array(0));
  const before = new Float32Array(480);
  for (let packet = 0; packet < 3; packet++) queue.take(before);
  const dropped = frames.slice(1).map((frame) => queue.push(frame));
  t.equal(queue.levelMs, 80 + MAX_CUSHION_MS);
  t.same(dropped.slice(0, 3), [0, (40 + 80 + 80 - 180) * 24, 1_920]);
  const after = new Float32Array(480);
  queue.take(after);
  const joined = [...before, ...after];
  const steepest = Math.max(...joined.slice(1).map((sample, i) => Math.abs(sample - (joined[i] ?? 0))));
  t.ok(steepest < 0.05, `steepest step ${steepest}; the tone's own is 0.031`);
  t.end();
});

test('the level loop brings the smallest slack back to 8 ms by at most 0.5 % of the interval', (t) => {
  for (const [slackMs, expected] of [
    [8, 20],
    [28, 19.96],
    [0, 20.016],
    [500, 19.9],
  ] as const) {
    const loop = new LevelLoop();
    for (let nowMs = 0; nowMs <= 10_000; nowMs += 80) loop.observe(slackMs + (nowMs % 3), nowMs);
    t.ok(Math.abs(loop.intervalMs(20) - expected) < 1e-9, `${slackMs} ms: ${loop.intervalMs(20)}`);
    t.equal(loop.hasSurplus, slackMs === 500);
  }
  t.end();
});

test('a digit is five packets of growing duration, three ends and a gap', (t) => {
  const sender = new EventSender();
  sender.add('5');
  sender.add('#');
  const out = Array.from({ length: 22 }, () => sender.next(20));
  const shape = out.map((one) =>
    one === null || one === 'pause' ? one : [one.digit, one.durationMs, one.end, one.marker],
  );
  const digit = (name: string) => [
    [name, 20, false, true],
    [name, 40, false, false],
    [name, 60, false, false],
    [name, 80, false, false],
    [name, 100, true, false],
    [name, 100, true, false],
    [name, 100, true, false],
    'pause',
    'pause',
    'pause',
  ];
  t.same(shape, [...digit('5'), ...digit('#'), null, null]);
  t.end();
});

test('clips follow each other, end in silence, and each resolves with its last sample', async (t) => {
  const clips = new ClipQueue();
  const done: number[] = [];
  const plays = [ramp(0, 700), ramp(700, 500)].map((clip, index) => clips.add(clip).then(() => done.push(index)));
  const out = new Float32Array(PACKET);
  clips.take(out);
  await Promise.resolve();
  t.same(done, []);
  clips.take(out);
  t.same(out, ramp(480, PACKET), 'the second begins where the first ends');
  await plays[0];
  t.same(done, [0]);
  clips.take(out);
  t.equal(clips.isPlaying, false);
  t.same(out.slice(240), new Float32Array(240));
  await plays[1];
  await clips.add(new Float32Array(0));
  const cut = clips.add(ramp(0, 9_999));
  clips.close();
  await cut;
  t.end();
});
