import t from 'tap';
import { FakeClock } from '../../src/runtime/fake-clock.ts';
import { within } from '../../src/runtime/within.ts';

t.test('work that is done in time gives its result and leaves no timer', async (t) => {
  const clock = new FakeClock();
  t.equal(await within(clock, 1_000, Promise.resolve('done')), 'done');
  t.equal(clock.pendingCount, 0);
  await t.rejects(within(clock, 1_000, Promise.reject(new Error('no'))), { message: 'no' });
  t.equal(clock.pendingCount, 0);
});

t.test('work that is late is rejected at its limit, whatever comes of it afterwards', async (t) => {
  const clock = new FakeClock();
  const work = Promise.withResolvers<string>();
  const result = within(clock, 1_000, work.promise, () => new Error('too late'));
  clock.advance(1_000);
  await t.rejects(result, { message: 'too late' });
  work.resolve('after all');
  await t.rejects(result, { message: 'too late' });
});
