import { X509Certificate } from 'node:crypto';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import type { TLSSocket } from 'node:tls';
import { type Test, test } from 'tap';
import { type CertificateFiles, fingerprintOf, ownCertificate } from '../../src/web/certificate.ts';
import { setStage } from './fixtures.ts';

const NOW = Date.now();

/** Beside the stage's own. */
function folder(t: Test): string {
  const directory = mkdtempSync(`${tmpdir()}/speakerpost-web-`);
  t.teardown(() => rmSync(directory, { recursive: true }));
  return directory;
}

/** Status, cookie and the certificate's fingerprint, as a browser that trusts this certificate gets them. */
function askTls(port: number, ca: CertificateFiles, path: string, body: string | null = null) {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; cookie: string; sha256: string }>();
  const outgoing = request(
    {
      host: '127.0.0.1',
      port,
      path,
      method: body === null ? 'GET' : 'POST',
      ca: readFileSync(ca.certFile),
      headers: { host: 'localhost', 'content-type': 'application/x-www-form-urlencoded' },
      agent: false,
    },
    (incoming) => {
      const sha256 = (incoming.socket as TLSSocket).getPeerX509Certificate()?.fingerprint256 ?? '';
      resolve({ status: incoming.statusCode ?? 0, cookie: incoming.headers['set-cookie']?.[0] ?? '', sha256 });
      incoming.resume();
    },
  );
  outgoing.on('error', reject);
  outgoing.end(body ?? undefined);
  return promise;
}

test('a certificate of its own is made once, for the addresses of the machine, and renewed in time', async (t) => {
  const directory = t.testdir({});
  const files = await ownCertificate(directory, '127.0.0.1', NOW);
  t.equal(statSync(files.keyFile).mode & 0o777, 0o600);
  const certificate = new X509Certificate(readFileSync(files.certFile));
  t.ok(certificate.checkIP('127.0.0.1') && certificate.checkHost('localhost'));
  t.notOk(certificate.ca);
  const first = fingerprintOf(files);
  await ownCertificate(directory, '127.0.0.1', NOW + 700 * 86_400_000);
  t.equal(fingerprintOf(files), first, 'kept');
  await ownCertificate(directory, '127.0.0.1', NOW + 800 * 86_400_000);
  t.not(fingerprintOf(files), first, 'renewed a month before its end');
  const second = fingerprintOf(files);
  await ownCertificate(directory, '192.0.2.7', NOW + 800 * 86_400_000);
  t.not(fingerprintOf(files), second, 'the address has changed');
  writeFileSync(files.certFile, 'damaged');
  await ownCertificate(directory, '192.0.2.7', NOW);
  t.ok(new X509Certificate(readFileSync(files.certFile)).checkIP('192.0.2.7'));
});

test('pages over HTTPS have Secure cookies, and a new certificate is taken without a restart', async (t) => {
  const tls = await ownCertificate(folder(t), '127.0.0.1', NOW);
  const stage = await setStage(t, { tls });
  t.match(stage.web.url, /^https:/);
  const form = new URLSearchParams({ name: 'manager', password: stage.password }).toString();
  const answer = await askTls(stage.web.port, tls, '/sign-in', form);
  t.equal(answer.status, 303);
  t.match(answer.cookie, /^__Host-speakerpost=.*; Secure/);
  t.equal(answer.sha256, fingerprintOf(tls));

  const next = await ownCertificate(folder(t), '127.0.0.1', NOW);
  writeFileSync(tls.keyFile, 'half of it is there');
  stage.clock.advance(30_000);
  t.equal(
    (await askTls(stage.web.port, { ...tls, certFile: tls.certFile }, '/healthz')).status,
    200,
    'the old one stays',
  );
  copyFileSync(next.keyFile, tls.keyFile);
  copyFileSync(next.certFile, tls.certFile);
  stage.clock.advance(30_000);
  t.equal((await askTls(stage.web.port, next, '/healthz')).sha256, fingerprintOf(next));
});

test('a certificate that cannot be used is named', async (t) => {
  const directory = folder(t);
  writeFileSync(`${directory}/a.pem`, 'nothing');
  const tls = { certFile: `${directory}/a.pem`, keyFile: `${directory}/none.pem` };
  await t.rejects(setStage(t, { tls }), { code: 'WEB_CERTIFICATE_UNUSABLE' });
});
