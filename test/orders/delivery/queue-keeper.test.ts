import { test } from 'tap';
import type { JobQueue } from '../../../src/orders/delivery/queue/job-queue.ts';
import { QueueKeeper } from '../../../src/orders/delivery/queue-keeper.ts';
import type { ErrorRecord } from '../../../src/runtime/errors.ts';
import { FakeClock } from '../../../src/runtime/fake-clock.ts';

const settle = () => new Promise((resolve) => setImmediate(resolve));

function startKeeper() {
  const clock = new FakeClock();
  const alerts: ErrorRecord[] = [];
  const seen = { opened: 0, closed: 0, isAway: true };
  const jobs: JobQueue = {
    add: async () => {},
    isLive: async () => false,
    close: async () => {
      seen.closed++;
    },
  };
  const keeper = new QueueKeeper('redis://127.0.0.1:6379', {
    clock,
    open: async () => {
      if (seen.isAway) throw new AggregateError([new Error('connect ECONNREFUSED')], '');
      return jobs;
    },
    onOpened: () => seen.opened++,
    alert: (error) => alerts.push(error),
  });
  const pass = async (seconds: number) => {
    for (let i = 0; i < seconds; i++) {
      clock.advance(1_000);
      await settle();
    }
  };
  return { clock, keeper, alerts, seen, pass };
}

test('a queue that is away is tried every second; after 5 s there is one alert', async (t) => {
  const { keeper, alerts, seen, pass } = startKeeper();
  t.equal(keeper.status.queue, 'starting');
  keeper.start();
  await settle();
  t.same(keeper.status, { queue: 'down', queueDetail: 'redis://127.0.0.1:6379: connect ECONNREFUSED' });
  await pass(4);
  t.equal(alerts.length, 0);
  await pass(60);
  t.same(alerts, [
    { code: 'QUEUE_DOWN', details: { queue: 'redis://127.0.0.1:6379', reason: 'connect ECONNREFUSED' } },
  ]);
  seen.isAway = false;
  await pass(1);
  t.equal(seen.opened, 1);
  t.equal(keeper.status.queue, 'up');
});

test('a queue that fails later is down until a command works, and each outage has its alert', async (t) => {
  const { keeper, alerts, seen, pass } = startKeeper();
  seen.isAway = false;
  keeper.start();
  await settle();
  for (const outage of [1, 2]) {
    keeper.fails(new Error('Connection is closed.'));
    t.equal(keeper.status.queue, 'down');
    await pass(6);
    keeper.fails(new Error('Connection is closed.'));
    t.equal(alerts.length, outage);
    keeper.works();
    t.equal(keeper.status.queue, 'up');
  }
});

test('a queue that fails for 10 s is closed and opened anew: its server may have come back without its tables', async (t) => {
  const { keeper, seen, pass } = startKeeper();
  seen.isAway = false;
  keeper.start();
  await settle();
  for (let second = 0; second < 10; second++) {
    keeper.fails(new Error('relation "bullmq.job" does not exist'));
    await pass(1);
  }
  t.equal(seen.closed, 0);
  keeper.fails(new Error('relation "bullmq.job" does not exist'));
  await settle();
  t.same([seen.closed, seen.opened], [1, 2]);
  t.equal(keeper.status.queue, 'up');
});

test('stopped while it is away, it does not try again; stopped while it is open, it closes', async (t) => {
  const away = startKeeper();
  away.keeper.start();
  await settle();
  await away.keeper.stop(100);
  t.equal(away.clock.pendingCount, 0);
  const open = startKeeper();
  open.seen.isAway = false;
  open.keeper.start();
  await open.keeper.stop(100);
  t.equal(open.seen.closed, 1);
  t.equal(open.keeper.queue, null);
});
