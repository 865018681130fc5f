import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'tap';
import { startRecordReader } from '../../../src/records/reader.ts';
import { deliveryOptions, makeTicket, soon, temporaryDatabase } from './fixtures.ts';
import { startPlane, startPos } from './plane-fixtures.ts';

test('kill -9 between commit and delivery: delivered once after the next start', async (t) => {
  const { pos, control } = await startPos(t);
  control.behave = () => ({ kind: 'answer', status: 503 });
  const databaseFile = temporaryDatabase(t);
  const options = deliveryOptions(databaseFile, pos.url);
  const child = spawn(
    process.execPath,
    [new URL('./committing-gateway.ts', import.meta.url).pathname, JSON.stringify([options, makeTicket('killed')])],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  t.teardown(() => child.kill('SIGKILL'));
  let said = '';
  child.stdout.on('data', (chunk) => {
    said += String(chunk);
  });
  const reader = startRecordReader(databaseFile);
  t.teardown(() => reader.stop());
  await soon(() => said.includes('committed'));
  await soon(() => reader.getCall('c_killed'));
  const exit = once(child, 'exit');
  child.kill('SIGKILL');
  await exit;
  t.equal(pos.orders.length, 0, 'the POS has nothing yet');
  control.behave = () => ({ kind: 'accept' });

  const { plane, alerts, isAcked } = startPlane(t, options);
  await plane.ready;
  await soon(() => isAcked('tk_killed'));
  t.same(
    pos.orders.map((order) => order.key),
    ['tk_killed.r1'],
  );
  t.match(alerts[0], { code: 'CALLS_INTERRUPTED', details: { calls: 1, orders: 0 } });
  t.match(await reader.listCalls({ limit: 1 }), [
    { callId: 'c_killed', outcome: 'interrupted', deliveryState: 'acked' },
  ]);
});
