import { test } from 'tap';
import { startDemoPos } from '../../src/demo-pos/demo-pos.ts';
import { WebhookConnector } from '../../src/orders/delivery/connectors/webhook-connector.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { FakeClock } from '../../src/runtime/fake-clock.ts';
import { makeTicket, secret } from '../orders/delivery/fixtures.ts';

test('the demo POS', async (t) => {
  const pos = await startDemoPos({ secret, port: 0 });
  t.teardown(() => pos.close());
  const target = { kind: 'webhook', url: pos.url, secret, timeoutMs: 2_000 } as const;

  await t.test('takes a signed ticket once by its key', async (t) => {
    const connector = new WebhookConnector(target, systemClock);
    const first = await connector.send(makeTicket('a'));
    t.same(first, { kind: 'accepted', detail: 'HTTP 200', posOrderId: 'pos-1' });
    t.same(await connector.send(makeTicket('a')), first);
    t.match(await connector.send(makeTicket('b')), { posOrderId: 'pos-2' });
    t.same(
      pos.orders.map((order) => order.key),
      ['tk_a.r1', 'tk_b.r1'],
    );
  });

  await t.test('refuses another secret, an old signature and a body that is no ticket', async (t) => {
    const foreign = `whsec_${Buffer.from('another secret of thirty-two byt').toString('base64')}`;
    const byForeign = new WebhookConnector({ ...target, secret: foreign }, systemClock);
    t.match(await byForeign.send(makeTicket('c')), { kind: 'refused', detail: /^HTTP 401/ });
    const old = new WebhookConnector(target, new FakeClock(Date.now() - 6 * 60_000));
    t.match(await old.send(makeTicket('c')), { kind: 'refused', detail: /^HTTP 401/ });
    t.equal((await fetch(pos.url)).status, 405);
    t.equal((await fetch(pos.url, { method: 'POST', body: '{}' })).status, 401);
    const wrong = { ...makeTicket('c'), lane: 7 as unknown as string };
    t.match(await new WebhookConnector(target, systemClock).send(wrong), { kind: 'refused', detail: /^HTTP 422/ });
    t.equal(pos.orders.length, 2);
  });
});
