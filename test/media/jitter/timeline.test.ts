import { test } from 'tap';
import { AUDIO, MISSING, SILENCE, Timeline } from '../../../src/media/jitter/timeline.ts';

test('sound is taken in runs of one kind, whatever the order in which it came', (t) => {
  const timeline = new Timeline();
  timeline.restart(1_000_000);
  timeline.write(1_000_006, Float32Array.of(6, 7));
  timeline.markSilence(1_000_002, 1_000_004);
  timeline.write(999_999, Float32Array.of(-1, 0, 1));
  t.equal(timeline.lastMissing(8), 1_000_005);
  const out = new Float32Array(8);
  const runs: number[][] = [];
  timeline.take(out, (kind, from, to) => runs.push([kind, from, to]));
  t.same(runs, [
    [AUDIO, 0, 2],
    [SILENCE, 2, 4],
    [MISSING, 4, 6],
    [AUDIO, 6, 8],
  ]);
  t.same([...out], [0, 1, 0, 0, 0, 0, 6, 7]);
  t.equal(timeline.start, 1_000_008);
  t.end();
});

test('what was taken is forgotten: its place in the ring is missing when time comes round', (t) => {
  const timeline = new Timeline();
  timeline.restart(0);
  timeline.write(0, new Float32Array(640).fill(1));
  const out = new Float32Array(640);
  for (let frame = 0; frame < 26; frame++) timeline.take(out, () => {});
  t.equal(timeline.lastMissing(640), timeline.start + 639);
  t.notOk(timeline.reaches(timeline.start + 16_385));
  t.end();
});
