import { test } from 'tap';
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

test('readyz answers 503 with its reasons', async (t) => {
  const checks = [{ name: 'engine', ok: false, detail: 'is starting' }];
  const { web } = await setStage(t, {}, { readiness: async () => ({ ready: false, checks }) });
  const answer = await ask(web, '/readyz');
  t.equal(answer.status, 503);
  t.same(JSON.parse(answer.text), { ready: false, checks });
  t.equal((await ask(web, '/healthz')).text, 'ok\n');
});
