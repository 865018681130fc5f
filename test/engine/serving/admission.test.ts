import t from 'tap';
import { Admission } from '../../../src/engine/serving/admission.ts';

/** Frames of `lanes` lanes: 98 % take `ms`, the rest three times that. */
function measure(admission: Admission, lanes: number, ms: number, atMs = 0): void {
  for (let frame = 0; frame < 500; frame++) admission.measured(lanes, frame % 50 === 0 ? 3 * ms : ms, atMs);
}

t.test('nothing is refused before enough was measured, nor the first lane, nor without a limit', async (t) => {
  const admission = new Admission(80);
  for (let frame = 0; frame < 100; frame++) admission.measured(4, 500, 0);
  t.equal(admission.refusal(4, 0), null);
  measure(admission, 4, 500);
  t.match(admission.refusal(4, 0), /with 5 lanes .* 1500 ms; the limit is 80 ms/);
  t.equal(admission.refusal(0, 0), null);
  const unlimited = new Admission(null);
  measure(unlimited, 4, 500);
  t.equal(unlimited.refusal(4, 0), null);
});

t.test('one lane more is expected on the line through what was measured with fewer', async (t) => {
  const admission = new Admission(80);
  measure(admission, 2, 10);
  measure(admission, 4, 20);
  t.equal(admission.refusal(4, 0), null, '60 ms at 4, 75 at 5');
  measure(admission, 5, 25);
  t.match(admission.refusal(5, 0), /with 6 lanes .* 90 ms/);
});

t.test('what was measured with that many lanes counts more than any line', async (t) => {
  const admission = new Admission(80);
  measure(admission, 3, 10);
  measure(admission, 4, 26.5);
  t.equal(admission.refusal(4, 0) === null, false);
  measure(admission, 5, 20);
  t.equal(admission.refusal(4, 0), null);
});

t.test('measurements of more than a minute ago are forgotten', async (t) => {
  const admission = new Admission(80);
  measure(admission, 1, 50, 1_000);
  t.not(admission.refusal(1, 60_000), null);
  t.equal(admission.refusal(1, 61_000), null);
});
