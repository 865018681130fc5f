import { readFileSync, statSync } from 'node:fs';
import { Writable } from 'node:stream';
import { test } from 'tap';
import { createLog } from '../../src/runtime/log.ts';
import { openAccount } from '../../src/web/sign-in/account.ts';
import { ask, setStage } from './fixtures.ts';

test('pages are not served in clear beyond this machine', async (t) => {
  for (const bind of ['0.0.0.0', '192.168.1.4', '::']) {
    await t.rejects(setStage(t, { bind }), { code: 'WEB_PLAIN_HTTP_REFUSED', details: { bind } });
  }
});

test('a taken port is named', async (t) => {
  const { web } = await setStage(t);
  await t.rejects(setStage(t, { port: web.port }), { code: 'WEB_PORT_UNUSABLE', details: { port: web.port } });
});

test('the first password goes to the terminal, its hash to a private file, neither to the log', async (t) => {
  const lines: string[] = [];
  const sink = new Writable({
    write(chunk, _encoding, done) {
      lines.push(String(chunk));
      done();
    },
  });
  const log = createLog('web', { level: 'trace', format: 'json', includePii: true }, sink);
  const { directory, password } = await setStage(t, {}, { log });
  t.match(password, /^[a-z1-9]{24}$/);
  const account = readFileSync(`${directory}/account.json`, 'utf8');
  t.notMatch(account, password);
  t.equal(statSync(`${directory}/account.json`).mode & 0o777, 0o600);
  t.not(lines.length, 0);
  t.notMatch(lines.join(''), password);
});

test('without a terminal the first password goes to a private file whose path is printed', async (t) => {
  const directory = t.testdir({});
  const printed: string[] = [];
  const terminal = { isTTY: false, write: (text: string) => printed.push(text) };
  await openAccount(directory, terminal);
  const password = readFileSync(`${directory}/first-password`, 'utf8').trim();
  t.equal(statSync(`${directory}/first-password`).mode & 0o777, 0o600);
  t.match(printed.join(''), `${directory}/first-password`);
  t.notMatch(printed.join(''), password);
  const again = await openAccount(directory, terminal);
  t.equal(printed.length, 1, 'the second run makes none');
  t.ok(await again.matches('manager', password));
  t.notOk(await again.matches('manager', `${password}x`));
  t.notOk(await again.matches('admin', password));
});

test('a damaged account file is named, not replaced', async (t) => {
  const directory = t.testdir({ 'account.json': '{"name":"manager"}' });
  await t.rejects(openAccount(directory, { write: () => true }), { code: 'WEB_ACCOUNT_UNUSABLE' });
  t.equal(readFileSync(`${directory}/account.json`, 'utf8'), '{"name":"manager"}');
});

test('readyz answers 503 with its reasons', async (t) => {
  const checks = [{ name: 'engine', ok: false, detail: 'is starting' }];
  const { web } = await setStage(t, {}, { readiness: async () => ({ ready: false, checks }) });
  const answer = await ask(web, '/readyz');
  t.equal(answer.status, 503);
  t.same(JSON.parse(answer.text), { ready: false, checks });
  t.equal((await ask(web, '/healthz')).text, 'ok\n');
});
