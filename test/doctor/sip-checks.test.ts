import { createServer } from 'node:net';
import { resolve } from 'node:path';
import { type Test, test } from 'tap';
import { readStoreConfig, type StoreConfig } from '../../src/config/store.ts';
import { runCheck } from '../../src/doctor/checks.ts';
import { checkCertificate, sipChecks } from '../../src/doctor/sip-checks.ts';
import { writeTestStore } from '../support/gateway.ts';

const folder = resolve(import.meta.dirname, '../fixtures/tls');
const tls = { port: 25_061, cert: `${folder}/first.crt`, key: `${folder}/first.key`, ca: null, verifyPeers: true };

async function store(t: Test, sip: Partial<StoreConfig['sip']> = {}): Promise<StoreConfig> {
  const { configFile } = await writeTestStore(t.testdir(), 'http://127.0.0.1:9/');
  const config = readStoreConfig(configFile);
  return { ...config, sip: { ...config.sip, ...sip } };
}

async function find(config: StoreConfig, name: string) {
  const check = sipChecks(config).find((each) => each.name === name);
  return check === undefined ? null : runCheck(check);
}

test('TCP and TLS ports are tried; a network without TCP is warned of', async (t) => {
  const taken = createServer().listen(0, '127.0.0.1');
  await new Promise((done) => taken.once('listening', done));
  t.teardown(() => taken.close());
  const address = taken.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  t.match(await find(await store(t, { tcpPort: port }), 'SIP streams'), {
    state: 'failed',
    detail: new RegExp(`:${port}`),
    remedy: /sip\.tcpPort/,
  });
  t.match(await find(await store(t, { tls: { ...tls, port } }), 'SIP streams'), {
    state: 'failed',
    remedy: /sip\.tls\.port/,
  });
  t.match(await find(await store(t, { bind: '10.0.0.1' }), 'SIP streams'), { state: 'warning', detail: /1,300 bytes/ });
  t.match(await find(await store(t), 'SIP streams'), { state: 'ok' });
});

test('a certificate is looked at: pair, days, name', async (t) => {
  const config = await store(t);
  const at = (date: string, its = tls, sip = config.sip) => checkCertificate({ ...config, sip }, its, Date.parse(date));
  t.match(at('2026-12-25'), { state: 'ok', detail: /days left/ });
  t.match(at('2126-10-20'), { state: 'warning', detail: /12 days left/, remedy: /without a restart/ });
  t.match(at('2126-11-25'), { state: 'failed', detail: /expired on/ });
  t.match(at('2006-11-25'), { state: 'failed', detail: /not valid before/ });
  t.match(at('2026-12-25', tls, { ...config.sip, externalAddress: '192.0.2.9' }), {
    state: 'warning',
    detail: /does not name 192\.0\.2\.9/,
  });
  t.throws(() => at('2026-12-25', { ...tls, key: `${folder}/second.key` }), { code: 'SIP_TLS_UNUSABLE' });
  t.equal(await find(config, 'SIP cert'), null, 'without TLS there is nothing to look at');
});

test('a public address and an open trunk are warned of', async (t) => {
  const config = await store(t);
  const [trunk] = config.sip.trunks;
  if (trunk === undefined) throw new Error('no trunk');
  t.match(await find(config, 'SIP exposure'), { state: 'ok' });
  t.match(await find({ ...config, sip: { ...config.sip, externalAddress: '203.0.113.9' } }, 'SIP exposure'), {
    state: 'warning',
    detail: /203\.0\.113\.9 is a public address/,
    remedy: /firewall/,
  });
  const open = { ...trunk, allow: ['0.0.0.0/0'] };
  t.match(await find({ ...config, sip: { ...config.sip, trunks: [open] } }, 'SIP exposure'), {
    state: 'warning',
    detail: /without a password/,
  });
  const users = [{ user: 'pbx', password: 'apron-red' }];
  t.match(await find({ ...config, sip: { ...config.sip, trunks: [{ ...open, users }] } }, 'SIP exposure'), {
    state: 'ok',
  });
});

test('who may transfer where is said; half a permission is warned of', async (t) => {
  const config = await store(t);
  const [trunk] = config.sip.trunks;
  if (trunk === undefined) throw new Error('no trunk');
  const transfers = (change: Partial<typeof trunk>) =>
    find({ ...config, sip: { ...config.sip, trunks: [{ ...trunk, ...change }] } }, 'transfers');
  t.match(await transfers({}), { state: 'ok', detail: 'nobody' });
  t.match(await transfers({ transfer: true }), { state: 'warning', detail: /to no number/ });
  t.match(await transfers({ numbers: ['crew'] }), { state: 'warning', detail: /may not transfer/ });
  t.match(await transfers({ transfer: true, numbers: ['crew'] }), { state: 'ok', detail: 'loopback to crew' });
  const match = { fromUser: 'pbx', header: null };
  t.match(await transfers({ transfer: true, numbers: ['crew'], match }), {
    state: 'warning',
    detail: /word of its From/,
  });
});
