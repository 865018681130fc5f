import { test } from 'tap';
import { SendTicker } from '../../../src/media/send/send-ticker.ts';
import { FakeClock } from '../../../src/runtime/fake-clock.ts';

test('a seat alone is served at once and then on its own grid, however late the timer', (t) => {
  const clock = new FakeClock();
  const ticker = new SendTicker({ ...bound(clock), after: (ms, task) => clock.after(ms + 0.7, task) });
  const due: number[] = [];
  const leave = ticker.join((dueMs) => {
    due.push(dueMs);
    return dueMs + 20;
  });
  clock.advance(200);
  t.same(due, [0, 20, 40, 60, 80, 100, 120, 140, 160, 180]);
  leave();
  t.equal(clock.pendingCount, 0, 'no timer is left behind');
  t.end();
});

test('400 seats that join in the same instant are spread evenly over 20 phases', (t) => {
  const clock = new FakeClock();
  const ticker = new SendTicker(clock);
  const perMs = new Map<number, number>();
  const leaves = Array.from({ length: 400 }, () =>
    ticker.join((dueMs) => {
      const ms = Math.floor(clock.nowMs());
      perMs.set(ms, (perMs.get(ms) ?? 0) + 1);
      return dueMs + 20;
    }),
  );
  clock.advance(19.9);
  t.same([...perMs.values()], new Array(20).fill(20));
  for (const leave of leaves) leave();
  t.equal(clock.pendingCount, 0);
  t.end();
});

test('each seat keeps the interval that it asks for', (t) => {
  const clock = new FakeClock();
  const ticker = new SendTicker(clock);
  const counts = [0, 0];
  ticker.join((dueMs) => {
    counts[0] = (counts[0] ?? 0) + 1;
    return dueMs + 19.9;
  });
  ticker.join((dueMs) => {
    counts[1] = (counts[1] ?? 0) + 1;
    return dueMs + 20.1;
  });
  clock.advance(39_990);
  t.same(counts, [2_010, 1_990]);
  t.end();
});

test('a seat may leave while it is served', (t) => {
  const clock = new FakeClock();
  const ticker = new SendTicker(clock);
  let served = 0;
  const leave = ticker.join((dueMs) => {
    if (++served === 3) leave();
    return dueMs + 20;
  });
  clock.advance(1_000);
  t.equal(served, 3);
  t.equal(clock.pendingCount, 0);
  t.end();
});

function bound(clock: FakeClock) {
  return { nowMs: () => clock.nowMs(), wallMs: () => clock.wallMs() };
}
