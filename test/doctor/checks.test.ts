import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import t from 'tap';
import { readStoreConfig, type StoreConfig } from '../../src/config/store.ts';
import { startDemoPos } from '../../src/demo-pos/demo-pos.ts';
import { checksOf, type Finding, runCheck } from '../../src/doctor/checks.ts';
import { personaChecks } from '../../src/doctor/persona-checks.ts';
import { POS_SECRET, writeTestStore } from '../support/gateway.ts';

async function findings(config: StoreConfig): Promise<Map<string, Finding>> {
  const found = new Map<string, Finding>();
  for (const check of checksOf(config)) found.set(check.name, await runCheck(check));
  return found;
}

t.test('a machine that fits passes every check', async (t) => {
  const pos = await startDemoPos({ secret: POS_SECRET, port: 0 });
  t.teardown(() => pos.close());
  const { configFile } = await writeTestStore(t.testdir(), pos.url);
  const found = await findings(readStoreConfig(configFile));
  for (const [name, finding] of found) t.not(finding.state, 'failed', `${name}: ${finding.detail}`);
  t.match(found.get('ONNX Runtime')?.detail, /^1\.30\.0 from .*libonnxruntime/);
  t.match(found.get('POS')?.detail, /clocks agree/);
});

t.test('a role text that the model cannot keep in view is found', async (t) => {
  const { configFile } = await writeTestStore(t.testdir(), 'http://127.0.0.1:9/orders');
  const config = readStoreConfig(configFile);
  const [check] = personaChecks(config);
  t.match(check === undefined ? null : await runCheck(check), { state: 'ok', detail: /lane-1: \d+ of 304 tokens/ });
  const facts = Array.from({ length: 200 }, (_, index) => `We sell burger number ${index}`);
  const role = { business: 'barn', agent: 'Ann', brandVoice: null, greeting: null, upsell: null, facts, dayparts: {} };
  const personas = config.personas.map((persona) => ({ ...persona, role }));
  const [long] = personaChecks({ ...config, personas });
  t.match(long === undefined ? null : await runCheck(long), {
    state: 'failed',
    detail: /forget/,
    remedy: /persona show/,
  });
});

t.test('faults behind a service that answers, and of files, are found', async (t) => {
  const sick = createServer((_, response) => response.writeHead(503).end()).listen(0, '127.0.0.1');
  await once(sick, 'listening');
  t.teardown(() => sick.close());
  const { port } = sick.address() as AddressInfo;
  const { configFile } = await writeTestStore(t.testdir({ file: 'no folder, no sound' }), `http://127.0.0.1:${port}/`);
  const config = readStoreConfig(configFile);
  const file = join(t.testdirName, 'file');
  const found = await findings({
    ...config,
    dataDirectory: join(file, 'data'),
    calls: { ...config.calls, apology: file },
  });
  t.match(found.get('POS'), { state: 'failed', detail: /HTTP 503/, remedy: /\S/ });
  t.match(found.get('disk'), { state: 'failed', detail: /data directory .*ENOTDIR/, remedy: /dataDirectory/ });
  t.match(found.get('apology'), { state: 'failed', detail: /WAV/, remedy: /sox/ });
});

t.test('each fault has one finding and one remedy', async (t) => {
  const { configFile, sipPort } = await writeTestStore(t.testdir(), 'http://127.0.0.1:9/orders');
  const config = readStoreConfig(configFile);
  const blocker = createSocket('udp4');
  await new Promise<void>((done) => blocker.bind({ address: '127.0.0.1', port: sipPort, exclusive: true }, done));
  t.teardown(() => blocker.close());
  const emptyModel = join(t.testdir({ model: {} }), 'model');
  mkdirSync(emptyModel, { recursive: true });
  const found = await findings({
    ...config,
    engine: { ...config.engine, model: emptyModel },
    orders: { ...config.orders, queue: 'redis://127.0.0.1:9' },
  });
  for (const name of ['SIP port', 'model', 'queue', 'POS']) {
    const finding = found.get(name);
    t.equal(finding?.state, 'failed', name);
    t.match(finding?.remedy, /\S/, name);
  }
  const away = await findings({ ...config, sip: { ...config.sip, bind: '203.0.113.7' } });
  t.match(away.get('address'), { state: 'failed', remedy: /sip\.bind/ });
});

t.test('the POS check names the connector, and what the menu lacks for it', async (t) => {
  const { configFile } = await writeTestStore(t.testdir(), 'http://127.0.0.1:9/orders');
  const config = readStoreConfig(configFile);
  const withPos = (pos: StoreConfig['orders']['pos']) => findings({ ...config, orders: { ...config.orders, pos } });
  const square = await withPos({ kind: 'square', url: 'http://127.0.0.1:9', accessToken: 'token', timeoutSeconds: 10 });
  t.match(square.get('POS'), { state: 'failed', detail: /^square: / });
  t.match(square.get('POS ids'), { state: 'failed', detail: /items lack posRef\.square: cheeseburger/ });
  const folder = await withPos({ kind: 'folder', folder: join(t.testdir({}), 'orders'), timeoutSeconds: 5 });
  t.match(folder.get('POS'), { state: 'ok', detail: /^folder: / });
  t.match(folder.get('POS ids'), { state: 'ok', detail: 'folder needs none' });
});

t.test('a machine without a CUDA card says what is missing; with auto it runs on the CPU', async (t) => {
  const { configFile } = await writeTestStore(t.testdir(), 'http://127.0.0.1:9/orders');
  const config = readStoreConfig(configFile);
  const named = await findings({ ...config, engine: { ...config.engine, device: 'cuda' } });
  if (named.get('device')?.state === 'ok') return void t.comment('this machine has a card');
  t.match(named.get('device'), { state: 'failed', detail: /CUDA/i, remedy: /\S/ });
  const auto = await findings({ ...config, engine: { ...config.engine, device: 'auto' } });
  t.match(auto.get('device'), { state: 'warning', detail: /^cpu: / });
});
