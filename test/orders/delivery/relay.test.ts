import { type Test, test } from 'tap';
import type { DeliveryStep } from '../../../src/orders/contract.ts';
import { type Delivery, GIVE_UP_AFTER_MS } from '../../../src/orders/delivery/delivery-state.ts';
import { Outbox } from '../../../src/orders/delivery/outbox.ts';
import { Relay } from '../../../src/orders/delivery/relay.ts';
import { openDatabase } from '../../../src/records/database.ts';
import { FakeClock } from '../../../src/runtime/fake-clock.ts';
import { makeTicket, temporaryDatabase, trailOf } from './fixtures.ts';

const ref = { ticketId: 'tk_a', revision: 1 };

/** A relay on a real outbox, with a queue that is a set of ids and a clock that the test moves. */
function startRelay(t: Test) {
  const database = openDatabase(temporaryDatabase(t));
  const clock = new FakeClock();
  const steps: DeliveryStep[] = [];
  const outbox = new Outbox(database, clock, 20_000, (step) => steps.push(step));
  const queue = {
    live: new Set<string>(),
    added: [] as string[],
    attempts: [] as number[],
    failures: 0,
    isDown: false,
  };
  const jobs = {
    add: async (id: string, _job: unknown, attempts: number) => {
      if (queue.isDown) throw new Error('ECONNREFUSED');
      queue.live.add(id);
      queue.added.push(id);
      queue.attempts.push(attempts);
    },
    isLive: async (id: string) => queue.live.has(id),
    close: async () => {},
  };
  const overdue: Delivery[] = [];
  const dead: Delivery[] = [];
  const relay = new Relay({
    outbox,
    queue: { queue: jobs, works: () => undefined, fails: () => queue.failures++ },
    clock,
    onOverdue: (delivery) => overdue.push(delivery),
    onDead: (delivery) => dead.push(delivery),
    onStorageError: (error) => {
      throw error;
    },
  });
  t.teardown(() => database.close());
  /** Ticks once a second of the fake clock. */
  const pass = async (seconds: number) => {
    for (let i = 0; i < seconds; i++) {
      clock.advance(1_000);
      await relay.tick();
    }
  };
  return { clock, outbox, queue, relay, steps, overdue, dead, pass };
}

test('a ticket is put in the queue once, and left alone while its job lives', async (t) => {
  const { outbox, queue, relay, steps, pass } = startRelay(t);
  outbox.commit(makeTicket('a'));
  await relay.tick();
  await pass(15);
  t.same(queue.added, ['tk_a-r1-g1']);
  t.equal(outbox.find(ref)?.state, 'queued');
  t.same(trailOf(steps, 'tk_a'), ['committed', 'queued']);
});

test('a job that the queue has lost comes again with the next generation once the lease has ended', async (t) => {
  const { outbox, queue, relay, pass } = startRelay(t);
  outbox.commit(makeTicket('a'));
  await relay.tick();
  queue.live.clear();
  await pass(4);
  t.same(queue.added, ['tk_a-r1-g1'], 'the lease is trusted for 5 s');
  await pass(2);
  t.same(queue.added, ['tk_a-r1-g1', 'tk_a-r1-g2']);
  t.equal(outbox.ticket(ref)?.idempotencyKey, 'tk_a.r1', 'the key stays');
});

test('20 s without an answer: attention once, then one attempt a minute, dead after half a day', async (t) => {
  const { clock, outbox, queue, relay, overdue, dead, pass } = startRelay(t);
  outbox.commit(makeTicket('a'));
  await relay.tick();
  await pass(19);
  t.equal(overdue.length, 0);
  await pass(1);
  t.same(
    overdue.map((delivery) => [delivery.ticketId, delivery.state]),
    [['tk_a', 'needs_attention']],
  );
  queue.live.clear();
  await pass(6 + 50);
  t.equal(queue.added.length, 1, 'not within the minute');
  await pass(10);
  t.same(queue.added, ['tk_a-r1-g1', 'tk_a-r1-g2']);
  t.same(queue.attempts, [7, 1]);
  clock.advance(GIVE_UP_AFTER_MS);
  await relay.tick();
  t.equal(overdue.length, 1);
  t.same(
    dead.map((delivery) => delivery.state),
    ['dead'],
  );
  queue.live.clear();
  await pass(120);
  t.equal(queue.added.length, 2, 'a dead one is not tried');
  outbox.resend(ref);
  await relay.tick();
  t.equal(queue.added.at(-1), 'tk_a-r1-g3', 'until somebody sends it again');
});

test('attention is raised while the queue is away, and the ticket goes out when it is back', async (t) => {
  const { outbox, queue, overdue, pass } = startRelay(t);
  queue.isDown = true;
  outbox.commit(makeTicket('a'));
  await pass(21);
  t.equal(overdue.length, 1);
  t.ok(queue.failures > 0);
  queue.isDown = false;
  await pass(1);
  t.same(queue.added, ['tk_a-r1-g1']);
});

test('what the POS refuses is not tried again, late news of an acknowledged one changes nothing', async (t) => {
  const { outbox, queue, relay, pass } = startRelay(t);
  outbox.commit(makeTicket('a'));
  await relay.tick();
  outbox.change(ref, { kind: 'refused', detail: 'HTTP 400' });
  queue.live.clear();
  await pass(130);
  t.equal(queue.added.length, 1);
  t.match(outbox.find(ref), { state: 'needs_attention', refused: true, attempts: 1 });
  outbox.change(ref, { kind: 'accepted', detail: 'HTTP 200', posOrderId: 'p1' });
  outbox.change(ref, { kind: 'failed', detail: 'HTTP 503' });
  t.match(outbox.find(ref), { state: 'acked', posOrderId: 'p1', attempts: 2 });
});

test('a wall clock that is set back does not keep a lost job waiting', async (t) => {
  const file = temporaryDatabase(t);
  const database = openDatabase(file);
  t.teardown(() => database.close());
  const before = new Outbox(database, new FakeClock(), 20_000, () => undefined);
  before.commit(makeTicket('a'));
  before.change(ref, { kind: 'queued' });
  const anHourBack = new Outbox(database, new FakeClock(1_764_000_000_000 - 3_600_000), 20_000, () => undefined);
  t.same(before.leaseEnded(), []);
  t.same(
    anHourBack.leaseEnded().map((delivery) => delivery.ticketId),
    ['tk_a'],
  );
});

test('the relay ticks by the clock and at once when woken', async (t) => {
  const { clock, outbox, queue, relay } = startRelay(t);
  const settle = () => new Promise((resolve) => setImmediate(resolve));
  relay.start();
  clock.advance(0);
  await settle();
  outbox.commit(makeTicket('a'));
  clock.advance(50);
  await settle();
  t.same(queue.added, [], 'between two ticks nothing happens');
  relay.wake();
  clock.advance(0);
  await settle();
  t.equal(queue.added.length, 1);
  outbox.commit(makeTicket('b'));
  clock.advance(100);
  await settle();
  t.equal(queue.added.length, 2);
  await relay.stop();
  t.equal(clock.pendingCount, 0);
});
