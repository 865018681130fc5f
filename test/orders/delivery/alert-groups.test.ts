import { test } from 'tap';
import { AlertGroups } from '../../../src/orders/delivery/alert-groups.ts';
import type { ErrorRecord } from '../../../src/runtime/errors.ts';
import { FakeClock } from '../../../src/runtime/fake-clock.ts';

const MINUTE = 60_000;
const order = (n: number) => ({ ticketId: `tk_${n}`, revision: 1, callId: `c_${n}` });

function open() {
  const clock = new FakeClock();
  const alerts: ErrorRecord[] = [];
  return { clock, alerts, groups: new AlertGroups(clock, (error) => alerts.push(error)) };
}

test('six hours without a POS, a car every 90 s: a dozen alerts, and every order is in one', async (t) => {
  const { clock, alerts, groups } = open();
  const cars = 240;
  for (let n = 1; n <= cars; n++) {
    groups.add('ORDER_NOT_DELIVERED', '', order(n), { seconds: 20, reason: '7 attempts' });
    clock.advance(1.5 * MINUTE);
  }
  clock.advance(60 * MINUTE);
  t.match(alerts[0], { code: 'ORDER_NOT_DELIVERED', details: { ticketId: 'tk_1' } });
  t.match(alerts[1], {
    code: 'ORDERS_LIKE_BEFORE',
    details: { code: 'ORDER_NOT_DELIVERED', count: 3, ticketId: 'tk_4', reason: '7 attempts' },
  });
  t.ok(alerts.length <= 12, `${alerts.length} alerts`);
  const told = alerts.slice(1).reduce((sum, { details }) => sum + Number(details['count']), 1);
  t.equal(told, cars);
});

test('refusals for different reasons are different news', async (t) => {
  const { alerts, groups } = open();
  for (const reason of ['closed', 'closed', 'unknown item']) groups.add('ORDER_REFUSED', reason, order(1), { reason });
  t.same(
    alerts.map(({ details }) => details['reason']),
    ['closed', 'unknown item'],
  );
});

test('after a quiet pause, or when the cause is over, the next one is told at once', async (t) => {
  const { clock, alerts, groups } = open();
  groups.add('ORDER_NOT_DELIVERED', '', order(1), {});
  clock.advance(5 * MINUTE);
  groups.add('ORDER_NOT_DELIVERED', '', order(2), {});
  groups.over('ORDER_NOT_DELIVERED');
  groups.add('ORDER_NOT_DELIVERED', '', order(3), {});
  t.same(
    alerts.map(({ details }) => details['ticketId']),
    ['tk_1', 'tk_2', 'tk_3'],
  );
  groups.stop();
});
