import { Redis } from 'ioredis';
import { test } from 'tap';
import { deliveryOptions, makeTicket, soon, temporaryDatabase, trailOf } from './fixtures.ts';
import { startPlane, startPos } from './plane-fixtures.ts';
import { startRedis } from './servers.ts';

test('a Redis that loses its data: the ticket comes again with the next generation and is one order', async (t) => {
  const url = await startRedis(t);
  if (url === null) return;
  const { pos, control, requests } = await startPos(t);
  control.behave = () => ({ kind: 'answer', status: 503 });
  const { plane, steps, isAcked } = startPlane(t, deliveryOptions(temporaryDatabase(t), pos.url, { queue: url }));
  await plane.commit(makeTicket('lost'));
  await soon(() => requests.length >= 1);
  const redis = new Redis(url);
  await redis.flushall();
  redis.disconnect();
  control.behave = () => ({ kind: 'accept' });
  await soon(() => isAcked('tk_lost'));
  t.same(trailOf(steps, 'tk_lost').slice(-2), ['queued', 'acked HTTP 200']);
  t.match(
    steps.filter((step) => step.what === 'queued').map((step) => step.detail),
    ['generation 1', 'generation 2'],
  );
  t.equal(pos.orders.length, 1);
});
