import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { type Test, test } from 'tap';
import { FakeClock } from '../../../src/runtime/fake-clock.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import { listenTls } from '../../../src/sip/transport/stream-listener.ts';
import { readTlsFiles, watchTlsFiles } from '../../../src/sip/transport/tls-files.ts';
import { rawStream, streamRequest } from './raw-stream.ts';
import { answer, offer, startStation } from './station.ts';

const fixture = (name: string) => join(import.meta.dirname, '../../fixtures/tls', name);
const tls = (peerAuthority: string | null = fixture('first.crt'), verifyPeers = true) => ({
  port: 0,
  certFile: fixture('first.crt'),
  keyFile: fixture('first.key'),
  caFile: peerAuthority,
  verifyPeers,
});

function dialTls(t: Test, port: number, more: object = {}): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port, rejectUnauthorized: false, ...more });
  t.teardown(() => socket.destroy());
  return new Promise((resolve, reject) => {
    socket.once('secureConnect', () => resolve(socket));
    socket.once('error', reject);
  });
}

test('two agents call each other by TLS and know each other by certificate', async (t) => {
  const caller = await startStation(t, { tls: tls() });
  const callee = await startStation(t, { tls: tls() });
  const sources: string[] = [];
  callee.agent.onInvite((invite) => {
    sources.push(invite.source.transport);
    void invite.answer(answer);
  });
  for (const uri of [
    `sip:order@127.0.0.1:${callee.port('tls')};transport=tls`,
    `sips:order@127.0.0.1:${callee.port('tls')}`,
  ]) {
    const dialog = await caller.agent.placeCall(uri, { sdpOffer: offer });
    await dialog.bye();
  }
  t.same(sources, ['tls', 'tls']);
  t.equal(callee.counter('dialogs'), 0);
});

test('a peer with an unknown certificate is called only when that is allowed', async (t) => {
  const callee = await startStation(t, { tls: tls() });
  callee.agent.onInvite((invite) => void invite.answer(answer));
  const uri = `sips:order@127.0.0.1:${callee.port('tls')}`;
  const strict = await startStation(t, { tls: tls(null) });
  await t.rejects(strict.agent.placeCall(uri, { sdpOffer: offer }), {
    code: 'SIP_CALL_FAILED',
    details: { status: 503 },
  });
  const lenient = await startStation(t, { tls: tls(null, false) });
  await (await lenient.agent.placeCall(uri, { sdpOffer: offer })).bye();
});

test('a SIPS request gets a SIPS Contact; less than TLS 1.2 and plain text get nothing', async (t) => {
  const gateway = await startStation(t, { tls: tls() });
  gateway.agent.onInvite((invite) => void invite.answer(answer));
  const port = gateway.port('tls');
  const post = rawStream(t, await dialTls(t, port));
  const invite = streamRequest({
    transport: 'TLS',
    place: '127.0.0.1:5999',
    method: 'INVITE',
    sequence: 1,
    body: offer,
  });
  post.write(invite.replace('INVITE sip:', 'INVITE sips:'));
  t.match(await post.until('RTP/AVP'), `Contact: <sips:127.0.0.1:${port}>`);
  await t.rejects(dialTls(t, port, { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }));
  t.equal((await dialTls(t, port, { maxVersion: 'TLSv1.2' })).getProtocol(), 'TLSv1.2');
});

test('a replaced certificate is used by new connections, and those that are up stay', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'speakerpost-tls-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const files = { ...tls(null), certFile: join(folder, 'crt'), keyFile: join(folder, 'key') };
  const put = (name: string) => {
    copyFileSync(fixture(`${name}.crt`), files.certFile);
    copyFileSync(fixture(`${name}.key`), files.keyFile);
  };
  put('first');
  const clock = new FakeClock();
  const listener = await listenTls('127.0.0.1', 0, readTlsFiles(files), () => {});
  t.teardown(() => void listener.close());
  listener.onConnection(
    () => true,
    (socket) => socket.on('error', () => {}).pipe(socket),
  );
  const watch = watchTlsFiles(files, clock, silentLog, (material) => listener.replace(material));
  t.teardown(() => watch.stop());
  const name = (socket: TLSSocket) => socket.getPeerCertificate().subject.CN;
  const old = await dialTls(t, listener.port);
  t.equal(name(old), 'speakerpost test first');
  writeFileSync(files.keyFile, readFileSync(fixture('second.key')));
  clock.advance(30_000);
  t.equal(name(await dialTls(t, listener.port)), 'speakerpost test first', 'a key without its certificate is not used');
  put('second');
  clock.advance(30_000);
  t.equal(name(await dialTls(t, listener.port)), 'speakerpost test second');
  old.write('still here');
  t.equal(String(await new Promise((resolve) => old.once('data', resolve))), 'still here');
});

test('files that are no key pair are named in the error', async (t) => {
  t.throws(() => readTlsFiles({ ...tls(), keyFile: fixture('second.key') }), { code: 'SIP_TLS_UNUSABLE' });
  t.throws(() => readTlsFiles({ ...tls(), certFile: fixture('absent.crt') }), { code: 'SIP_TLS_UNUSABLE' });
});
