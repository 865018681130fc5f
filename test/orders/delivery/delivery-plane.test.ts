import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'tap';
import { startRecordReader } from '../../../src/records/reader.ts';
import { deliveryOptions, makeTicket, soon, startedCall, temporaryDatabase, trailOf } from './fixtures.ts';
import { startPlane, startPos } from './plane-fixtures.ts';

test('tickets reach the POS once, whatever it answers', async (t) => {
  const { pos, control, requests } = await startPos(t);
  const databaseFile = temporaryDatabase(t);
  const { plane, steps, alerts, workers, isAcked } = startPlane(t, deliveryOptions(databaseFile, pos.url));
  await plane.ready;
  const reader = startRecordReader(databaseFile);
  t.teardown(() => reader.stop());
  const ordersOf = (key: string) => pos.orders.filter((order) => order.key === key).length;
  const requestsOf = (key: string) => requests.filter((request) => request.key === key);

  await t.test('one that is committed before the queue is up', async (t) => {
    const ticket = makeTicket('early');
    await plane.commit(ticket);
    t.match(await plane.health(), { queue: 'starting', unacked: 1, attention: 0 });
    await soon(() => isAcked('tk_early'));
    t.same(pos.orders[0]?.ticket, ticket, 'the POS has the ticket as it was committed');
    t.same(trailOf(steps, 'tk_early'), ['committed', 'queued', 'acked HTTP 200']);
    t.equal(steps.at(-1)?.posOrderId, 'pos-1');
    t.match(await plane.health(), { queue: 'up', unacked: 0, attention: 0 });
  });

  await t.test('503, then 200', async (t) => {
    control.behave = (_key, number) => (number === 1 ? { kind: 'answer', status: 503 } : { kind: 'accept' });
    await plane.commit(makeTicket('busy'));
    await soon(() => isAcked('tk_busy'));
    t.same(trailOf(steps, 'tk_busy'), ['committed', 'queued', 'attempt HTTP 503', 'acked HTTP 200']);
    t.equal(ordersOf('tk_busy.r1'), 1);
  });

  await t.test('no answer, though the POS made the order', async (t) => {
    control.behave = (_key, number) => (number === 1 ? { kind: 'silent', takes: true } : { kind: 'accept' });
    await plane.commit(makeTicket('silent'));
    await soon(() => isAcked('tk_silent'));
    t.same(trailOf(steps, 'tk_silent'), ['committed', 'queued', 'attempt no answer within 2000 ms', 'acked HTTP 200']);
    t.equal(ordersOf('tk_silent.r1'), 1);
    t.equal(requestsOf('tk_silent.r1').length, 2);
  });

  await t.test('429 with Retry-After', async (t) => {
    control.behave = (_key, number) =>
      number === 1 ? { kind: 'answer', status: 429, retryAfterSeconds: 2 } : { kind: 'accept' };
    await plane.commit(makeTicket('limited'));
    await soon(() => isAcked('tk_limited'));
    const [first, second] = requestsOf('tk_limited.r1');
    t.ok((second?.atMs ?? 0) - (first?.atMs ?? 0) >= 1_950, 'the second attempt came when the POS asked for it');
    t.equal(ordersOf('tk_limited.r1'), 1);
  });

  await t.test('409: it is there already', async (t) => {
    control.behave = () => ({ kind: 'answer', status: 409 });
    await plane.commit(makeTicket('known'));
    await soon(() => isAcked('tk_known'));
    t.same(trailOf(steps, 'tk_known'), ['committed', 'queued', 'acked HTTP 409']);
  });

  await t.test('400: attention at once, no second attempt; sent again by hand it is taken', async (t) => {
    control.behave = () => ({ kind: 'answer', status: 400 });
    await plane.commit(makeTicket('refused'));
    await soon(() => alerts.some((alert) => alert.code === 'ORDER_REFUSED'));
    t.match(alerts.at(-1), { code: 'ORDER_REFUSED', details: { ticketId: 'tk_refused', callId: 'c_refused' } });
    t.match(await plane.health(), { unacked: 1, attention: 1 });
    control.behave = () => ({ kind: 'accept' });
    // A control that is taken meanwhile shows that the refused one had its chance.
    await plane.commit(makeTicket('control'));
    await soon(() => isAcked('tk_control'));
    t.equal(requestsOf('tk_refused.r1').length, 1);
    await plane.resend('tk_refused', 1);
    await soon(() => isAcked('tk_refused'));
    t.same(trailOf(steps, 'tk_refused'), [
      'committed',
      'queued',
      'attempt HTTP 400 {}',
      'attention',
      'resent',
      'queued',
      'acked HTTP 200',
    ]);
    t.equal(ordersOf('tk_refused.r1'), 1);
  });

  await t.test('committed twice', async (t) => {
    const ticket = makeTicket('twice');
    await Promise.all([plane.commit(ticket), plane.commit(ticket)]);
    await plane.commit(ticket);
    await soon(() => isAcked('tk_twice'));
    t.equal(requestsOf('tk_twice.r1').length, 1);
    await t.rejects(plane.commit(makeTicket('other', { callId: 'c_twice' })), { code: 'TICKET_CONFLICT' });
  });

  await t.test('sent again after it was taken, the POS still has one', async (t) => {
    const acks = () => steps.filter((step) => step.ticketId === 'tk_twice' && step.what === 'acked').length;
    await plane.resend('tk_twice', 1);
    await soon(() => acks() === 2);
    t.equal(ordersOf('tk_twice.r1'), 1);
    await t.rejects(plane.resend('tk_nobody', 1), { code: 'TICKET_UNKNOWN' });
  });

  await t.test('an older revision that comes late is not sent', async (t) => {
    await plane.commit(makeTicket('changed', { revision: 2 }));
    await soon(() => isAcked('tk_changed'));
    await plane.commit(makeTicket('changed', { revision: 1 }));
    await soon(() => steps.some((step) => step.detail === 'not sent: revision 2 is there'));
    t.equal(ordersOf('tk_changed.r1'), 0);
  });

  await t.test('the worker dies between commit and delivery', async (t) => {
    let isAway = true;
    control.behave = () => (isAway ? { kind: 'answer', status: 503 } : { kind: 'accept' });
    await plane.commit(makeTicket('orphan'));
    await soon(() => requestsOf('tk_orphan.r1').length > 0);
    // The plane's own worker is the first that was started here.
    await workers[0]?.terminate();
    isAway = false;
    // Handed in while there is no worker: kept, and stored by the next one.
    await Promise.all([plane.commit(makeTicket('waiting')), plane.commit(makeTicket('waiting-too'))]);
    await soon(() => ['tk_orphan', 'tk_waiting', 'tk_waiting-too'].every(isAcked));
    t.ok(alerts.some((alert) => alert.code === 'DELIVERY_WORKER_DIED'));
    for (const name of ['orphan', 'waiting', 'waiting-too']) t.equal(ordersOf(`tk_${name}.r1`), 1);
  });

  await t.test('and the pages show each way', async (t) => {
    plane.record(startedCall('c_busy'));
    const detail = await soon(() => reader.getCall('c_busy'));
    t.match(detail?.summary, { items: 2, totalCents: 1_000, deliveryState: 'acked' });
    t.same(
      detail?.tickets[0]?.trail,
      steps.filter((step) => step.ticketId === 'tk_busy'),
    );
  });
});

test('a POS that is down: attention by the clock, delivered when it is back', async (t) => {
  const { pos, control } = await startPos(t);
  control.behave = () => ({ kind: 'answer', status: 503 });
  const options = deliveryOptions(temporaryDatabase(t), pos.url, { attentionAfterMs: 1_000 });
  const { plane, steps, alerts, isAcked } = startPlane(t, options);
  await plane.commit(makeTicket('late'));
  await soon(() => alerts.some((alert) => alert.code === 'ORDER_NOT_DELIVERED'));
  t.match(await plane.health(), { unacked: 1, attention: 1 });
  control.behave = () => ({ kind: 'accept' });
  await soon(() => isAcked('tk_late'));
  t.ok(trailOf(steps, 'tk_late').includes('attention'));
  t.equal(pos.orders.length, 1);
  t.match(await plane.health(), { unacked: 0, attention: 0 });
});

test('a damaged database is a clear error, not a crash', async (t) => {
  const databaseFile = temporaryDatabase(t);
  writeFileSync(databaseFile, 'this is no database, though it is long enough to be one'.repeat(100));
  const { plane, alerts } = startPlane(t, deliveryOptions(databaseFile, 'http://127.0.0.1:1/'));
  const commit = plane.commit(makeTicket('homeless'));
  await t.rejects(plane.ready, { code: 'DATABASE_UNUSABLE', details: { file: databaseFile } });
  await t.rejects(commit, { code: 'TICKET_NOT_STORED' });
  t.equal(alerts[0]?.code, 'DATABASE_UNUSABLE');
  t.match(readFileSync(databaseFile, 'utf8'), /^this is no database/, 'what is there is left alone');
});
