import { type ChildProcess, spawn } from 'node:child_process';
import { resolve } from 'node:path';
import t from 'tap';
import { startDemoPos } from '../../src/demo-pos/demo-pos.ts';
import { placeScriptedCall } from '../../src/phone/phone.ts';
import { startRecordReader } from '../../src/records/reader.ts';
import { eventually } from '../support/eventually.ts';
import { POS_SECRET, writeTestStore } from '../support/gateway.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/** `speakerpost serve`, resolved when its model is loaded. */
async function serve(configFile: string): Promise<ChildProcess> {
  const child = spawn(process.execPath, [resolve(ROOT, 'bin/speakerpost.mjs'), 'serve', '--config', configFile], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise<void>((done, fail) => {
    child.stdout?.on('data', (chunk: Buffer) => chunk.toString().includes('take orders') && done());
    child.once('exit', (code) => fail(new Error(`serve ended with ${code}`)));
  });
  return child;
}

function exited(child: ChildProcess): Promise<void> {
  return child.exitCode !== null || child.signalCode !== null
    ? Promise.resolve()
    : new Promise((done) => child.once('exit', () => done()));
}

t.test(
  'the gateway is killed between commit and delivery: the ticket is delivered once after the restart',
  { timeout: 115_000 },
  async (t) => {
    let isPosUp = false;
    const pos = await startDemoPos({
      secret: POS_SECRET,
      port: 0,
      behave: () => (isPosUp ? { kind: 'accept' } : { kind: 'answer', status: 503 }),
    });
    const store = await writeTestStore(t.testdir(), pos.url);
    let child = await serve(store.configFile);
    t.teardown(async () => {
      child.kill('SIGKILL');
      await exited(child);
      await pos.close();
    });
    const reader = startRecordReader(`${store.directory}/data/speakerpost.sqlite`);
    t.teardown(() => reader.stop());
    const customer = placeScriptedCall({
      target: store.target,
      scriptFile: resolve(ROOT, 'assets/customers/two-items.json'),
    });
    const callId = await eventually('a ticket is committed', 70_000, async () => {
      const [latest] = await reader.listCalls({ limit: 1 });
      return latest !== undefined && latest.deliveryState !== null ? latest.callId : null;
    });
    child.kill('SIGKILL');
    await exited(child);
    t.equal(pos.orders.length, 0, 'nothing was delivered before');
    const report = await customer;
    t.ok(['peer', 'phone'].includes(report.endedBy), 'the SIP server said BYE, or the customer was done');

    isPosUp = true;
    child = await serve(store.configFile);
    await eventually('the ticket arrives', 30_000, () => (pos.orders.length > 0 ? true : null));
    await eventually('it is acknowledged', 10_000, async () => {
      const detail = await reader.getCall(callId);
      return detail?.tickets.every((each) => each.state === 'acked') ? true : null;
    });
    t.equal(new Set(pos.orders.map((order) => order.key)).size, pos.orders.length);
    t.equal(pos.orders.length, 1, 'once');
    child.kill('SIGTERM');
    await exited(child);
    t.equal(child.exitCode, 0, 'and stops in good order');
  },
);
