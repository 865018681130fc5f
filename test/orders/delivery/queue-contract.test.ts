import { type Test, test } from 'tap';
import type { DeliveryJob, JobOutcome, JobQueue } from '../../../src/orders/delivery/queue/job-queue.ts';
import { openQueue } from '../../../src/orders/delivery/queue/transport.ts';
import { soon } from './fixtures.ts';
import { startPostgres, startRedis } from './servers.ts';

const settings = { name: 'pos-store-12', ordersPerSecond: 20 };
const transports: Readonly<Record<string, (t: Test) => Promise<string | null>>> = {
  embedded: async () => 'embedded',
  redis: startRedis,
  postgres: startPostgres,
};

for (const [name, start] of Object.entries(transports)) {
  test(`the queue on ${name}`, async (t) => {
    const setting = await start(t);
    if (setting === null) return;
    const worked: string[] = [];
    const errors: Error[] = [];
    let outcome: (job: DeliveryJob) => Promise<JobOutcome> = async () => ({ kind: 'done' });
    const queue: JobQueue = await openQueue(
      setting,
      settings,
      (job) => {
        worked.push(`${job.ticketId} r${job.revision}`);
        return outcome(job);
      },
      { onError: (error) => errors.push(error) },
    );
    // Registered after the server's own teardown, and tap runs teardowns in reverse: the queue closes first.
    t.teardown(() => queue.close(1_000));
    const add = (id: string, attempts = 7) =>
      queue.add(`tk_${id}-r1-g1`, { ticketId: `tk_${id}`, revision: 1 }, attempts);
    const times = (id: string) => worked.filter((each) => each === `tk_${id} r1`).length;

    await t.test('works a job once, and the same id again is ignored', async (t) => {
      await add('once');
      await soon(() => times('once') === 1);
      await add('once');
      await add('after');
      await soon(() => times('after') === 1);
      t.equal(times('once'), 1);
      t.equal(await queue.isLive('tk_once-r1-g1'), false, 'a job that is done is not live');
      t.equal(await queue.isLive('tk_none-r1-g1'), false, 'nor is one that the queue has never had');
    });

    await t.test('works jobs one at a time', async (t) => {
      let running = 0;
      let most = 0;
      outcome = async () => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, 20));
        running--;
        return { kind: 'done' };
      };
      await Promise.all(['a', 'b', 'c'].map((id) => add(id)));
      await soon(() => ['a', 'b', 'c'].every((id) => times(id) === 1) && running === 0);
      t.equal(most, 1);
    });

    await t.test('tries a job again after a back-off, and it is live meanwhile', async (t) => {
      outcome = async () =>
        times('again') < 3 ? { kind: 'retry', reason: 'HTTP 503', waitMs: null } : { kind: 'done' };
      await add('again');
      await soon(() => times('again') === 1);
      t.equal(await queue.isLive('tk_again-r1-g1'), true);
      await soon(() => times('again') === 3);
    });

    await t.test('waits as a whole when the POS asks for time', async (t) => {
      const askedMs = performance.now();
      let back = 0;
      outcome = async (job) => {
        if (job.ticketId === 'tk_limited' && times('limited') === 1)
          return { kind: 'retry', reason: '429', waitMs: 800 };
        back ||= performance.now() - askedMs;
        return { kind: 'done' };
      };
      await add('limited');
      await soon(() => times('limited') === 2);
      t.ok(back >= 800, `tried again after ${back} ms`);
    });

    await t.test('does not try again what is refused, nor what has used its attempts', async (t) => {
      outcome = async (job) =>
        job.ticketId === 'tk_never'
          ? { kind: 'never', reason: 'HTTP 400' }
          : { kind: 'retry', reason: 'x', waitMs: null };
      await add('never');
      await add('spent', 1);
      await soon(() => times('never') === 1 && times('spent') === 1);
      for (const id of ['tk_never-r1-g1', 'tk_spent-r1-g1']) {
        await soon(async () => !(await queue.isLive(id)));
        t.equal(await queue.isLive(id), false, `${id} is not live`);
      }
    });
    t.same(errors, []);
  });
}

test('a queue that cannot be reached is not opened', async (t) => {
  for (const setting of ['redis://127.0.0.1:1', 'postgres://postgres@127.0.0.1:1/postgres']) {
    await t.rejects(openQueue(setting, settings, async () => ({ kind: 'done' }), { onError: () => undefined }));
  }
});
