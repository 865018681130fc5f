import { test } from 'tap';
import { Reception } from '../../../src/media/rtp/reception.ts';

test('loss is what was expected less what came, over a wrap, with the fraction since the last report', (t) => {
  const reception = new Reception(1, 65_530, 8_000);
  for (let index = 0; index < 100; index++) {
    if (index % 10 !== 5) reception.receive((65_530 + index) & 0xffff, index * 160, index * 20);
  }
  t.equal(reception.cumulativeLost, 10);
  t.equal(reception.extendedHighest, 65_530 + 99);
  t.equal(reception.takeFractionLost(), Math.floor((10 * 256) / 100));
  t.equal(reception.takeFractionLost(), 0, 'nothing was expected since');
  t.end();
});

test('duplicates make the loss negative, disorder does not count', (t) => {
  const reception = new Reception(1, 10, 8_000);
  for (const sequence of [10, 12, 11, 12, 13]) reception.receive(sequence, sequence * 160, sequence * 20);
  t.equal(reception.cumulativeLost, -1);
  t.equal(reception.extendedHighest, 13);
  t.end();
});

test('jitter follows RFC 3550 appendix A.8: an alternation of 10 ms settles at 10 ms, a wrapping timestamp at nothing', (t) => {
  const alternating = new Reception(1, 0, 8_000);
  const wrapping = new Reception(1, 0, 8_000);
  for (let index = 0; index < 200; index++) {
    alternating.receive(index, index * 160, index * 20 + (index % 2) * 10);
    wrapping.receive(index, (2 ** 32 - 800 + index * 160) >>> 0, index * 20);
  }
  t.ok(Math.abs(alternating.jitterMs - 10) < 0.1, `${alternating.jitterMs} ms`);
  t.equal(wrapping.jitterMs, 0);
  t.end();
});

test('a sequence that jumps far starts the count again', (t) => {
  const reception = new Reception(1, 0, 8_000);
  for (let index = 0; index < 10; index++) reception.receive(index, index * 160, index * 20);
  for (let index = 0; index < 10; index++) reception.receive(30_000 + index, index * 160, 200 + index * 20);
  t.equal(reception.cumulativeLost, 0);
  t.end();
});
