import { Registry } from 'prom-client';
import { test } from 'tap';
import { openAccess } from '../../src/access/access.ts';
import { MenuBook } from '../../src/orders/menu/menu-book.ts';
import { FakeClock } from '../../src/runtime/fake-clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import { buildApp } from '../../src/web/app.ts';
import { LiveFeed } from '../../src/web/live-feed.ts';
import { SignInLinks } from '../../src/web/sign-in/links.ts';
import { aCall, ask, cookieOf, csrfOf, setStage, shakshuka, signIn, TestDesk, TestReader } from './fixtures.ts';

interface Layer {
  readonly route?: { readonly path: string; readonly methods: Record<string, boolean> };
  readonly handle?: { readonly stack?: readonly Layer[] };
}

function routesOf(layers: readonly Layer[]): string[] {
  return layers.flatMap(({ route, handle }) =>
    route === undefined
      ? routesOf(handle?.stack ?? [])
      : Object.keys(route.methods).map((method) => `${method.toUpperCase()} ${route.path}`),
  );
}

const publicRoutes = [
  'GET /healthz',
  'GET /readyz',
  'GET /metrics',
  'GET /sign-in',
  'POST /sign-in',
  'GET /sign-in/:token',
];

async function everyRoute(directory: string): Promise<string[]> {
  const [clock, desk, registry] = [new FakeClock(), new TestDesk(), new Registry()];
  const feed = new LiveFeed(desk, clock, registry);
  const options = {
    bind: '127.0.0.1',
    port: 0,
    recordingsDirectory: directory,
    storeName: '',
    timezone: 'UTC',
    metricsToken: null,
    tls: null,
    behindTlsProxy: false,
  };
  const access = await openAccess(directory, clock);
  const deps = {
    desk,
    reader: new TestReader(),
    delivery: { resend: async () => {}, commit: async () => {} },
    menus: new MenuBook(
      { files: [shakshuka], stockFile: `${directory}/stock.json`, timezone: 'UTC' },
      { clock, onFault: () => undefined },
    ),
    registry,
    readiness: async () => ({ ready: true, checks: [] }),
    log: silentLog,
    clock,
    access,
  };
  const app = buildApp(options, deps, { links: new SignInLinks(clock), feed });
  feed.close();
  access.close();
  return routesOf(app.router.stack as unknown as readonly Layer[]);
}

test('every route but the public ones is closed to strangers', async (t) => {
  const stage = await setStage(t);
  stage.reader.calls.push(aCall('c1'));
  const routes = await everyRoute(`${stage.directory}/routes`);
  t.ok(routes.length >= 16, `${routes.length} routes found`);
  for (const route of publicRoutes) t.ok(routes.includes(route), `${route} exists`);
  for (const route of routes.filter((each) => !publicRoutes.includes(each))) {
    const [method = '', pattern = ''] = route.split(' ');
    const path = pattern.replace(':callId', 'c1').replace(':ticketId', 't-c1').replace(':revision', '1');
    for (const headers of [{}, { cookie: 'speakerpost=forged' }]) {
      const asProgram = await ask(stage.web, path, { method, headers });
      t.equal(
        asProgram.status === 303 ? asProgram.headers.location?.split('?')[0] : asProgram.status,
        asProgram.status === 303 ? '/sign-in' : 401,
        route,
      );
      t.notMatch(asProgram.text, /lane-1|burger/i, `${route} tells nothing`);
      t.equal(asProgram.headers['set-cookie'], undefined);
    }
  }
  t.equal((await ask(stage.web, '/no-such-page', { headers: { accept: 'application/json' } })).status, 401);
  t.same(stage.resent, []);
});

test('a person is asked to sign in and comes back to the page asked for', async (t) => {
  const stage = await setStage(t);
  const asked = await ask(stage.web, '/calls?before=5', { headers: { accept: 'text/html' } });
  t.equal(asked.headers.location, '/sign-in?next=%2Fcalls%3Fbefore%3D5');
  const answer = await ask(stage.web, '/sign-in', {
    form: { name: 'manager', password: stage.password, next: '/calls?before=5' },
  });
  t.equal(answer.status, 303);
  t.equal(answer.headers.location, '/calls?before=5');
  t.match(answer.headers['set-cookie']?.[0], /^speakerpost=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
  for (const next of ['//evil.test', '/\\evil.test', 'https://evil.test', '/a\r\nb']) {
    const form = { name: 'manager', password: stage.password, next };
    t.equal((await ask(stage.web, '/sign-in', { form })).headers.location, '/', next);
  }
});

test('sessions end by sign-out and by time', async (t) => {
  const stage = await setStage(t);
  const first = await signIn(stage);
  const page = await ask(stage.web, '/calls', { headers: first });
  t.equal(page.status, 200);
  t.equal((await ask(stage.web, '/sign-out', { headers: first, form: { csrf: csrfOf(page) } })).status, 303);
  t.equal((await ask(stage.web, '/api/live', { headers: first })).status, 401);

  const second = await signIn(stage);
  stage.clock.advance(4 * 3_600_000 - 1);
  t.equal((await ask(stage.web, '/api/live', { headers: second })).status, 200);
  stage.clock.advance(4 * 3_600_000);
  t.equal((await ask(stage.web, '/api/live', { headers: second })).status, 401);
});

test('the sixth attempt within a minute is refused unread, also with the right password', async (t) => {
  const stage = await setStage(t);
  const attempt = (password: string) => ask(stage.web, '/sign-in', { form: { name: 'manager', password } });
  for (let count = 0; count < 5; count++) t.equal((await attempt('wrong')).status, 403);
  const refused = await attempt(stage.password);
  t.equal(refused.status, 429);
  t.equal(refused.headers['retry-after'], '60');
  t.equal(cookieOf(refused), '');
  stage.clock.advance(60_000);
  t.equal((await attempt(stage.password)).status, 303);
});

test('a burst of attempts is counted while the first is still being hashed', async (t) => {
  const stage = await setStage(t);
  const form = { name: 'manager', password: 'wrong' };
  const answers = await Promise.all(Array.from({ length: 9 }, () => ask(stage.web, '/sign-in', { form })));
  t.same(answers.map(({ status }) => status).sort(), [403, 403, 403, 403, 403, 429, 429, 429, 429]);
});

test("forms without the token, with another session's token or of another site do nothing", async (t) => {
  const stage = await setStage(t);
  stage.reader.calls.push(aCall('c1'));
  const [mine, other] = [await signIn(stage), await signIn(stage)];
  const otherToken = csrfOf(await ask(stage.web, '/calls', { headers: other }));
  const ownToken = csrfOf(await ask(stage.web, '/calls/c1', { headers: mine }));
  const path = '/calls/c1/tickets/t-c1/1/resend';
  t.equal((await ask(stage.web, path, { headers: mine, form: {} })).status, 403);
  t.equal((await ask(stage.web, path, { headers: mine, form: { csrf: otherToken } })).status, 403);
  for (const foreign of [{ origin: 'https://evil.test' }, { 'sec-fetch-site': 'cross-site' }, { origin: 'null' }]) {
    t.equal((await ask(stage.web, path, { headers: { ...mine, ...foreign }, form: { csrf: ownToken } })).status, 403);
    const form = { name: 'manager', password: stage.password };
    t.equal((await ask(stage.web, '/sign-in', { headers: foreign, form })).status, 403);
  }
  t.same(stage.resent, []);
  const sent = await ask(stage.web, path, { headers: mine, form: { csrf: ownToken } });
  t.equal(sent.headers.location, '/calls/c1?notice=resent');
  t.same(stage.resent, ['t-c1/1']);
});

test('a sign-in link works once, for ten minutes', async (t) => {
  const stage = await setStage(t);
  stage.reader.calls.push(aCall('c1'));
  const link = new URL(stage.web.signInLink('/calls/c1'));
  t.equal((await ask(stage.web, link.pathname, { method: 'HEAD' })).status, 403, 'looking does not use it up');
  const answer = await ask(stage.web, link.pathname);
  t.equal(answer.headers['refresh'], '0;url=/calls/c1');
  t.equal((await ask(stage.web, '/calls/c1', { headers: { cookie: cookieOf(answer) } })).status, 200);
  t.equal((await ask(stage.web, link.pathname)).status, 403);

  const late = new URL(stage.web.signInLink('/calls/c1'));
  stage.clock.advance(10 * 60_000);
  t.equal((await ask(stage.web, late.pathname)).status, 403);
});

test('behind a proxy cookies are Secure, links are refused and no peer counts as local', async (t) => {
  const stage = await setStage(t, { behindTlsProxy: true, metricsToken: 'sixteen-letters!' });
  const answer = await ask(stage.web, '/sign-in', { form: { name: 'manager', password: stage.password } });
  t.match(answer.headers['set-cookie']?.[0], /^__Host-speakerpost=.*; Secure/);
  t.match(answer.headers['strict-transport-security'], /max-age/);
  t.throws(() => stage.web.signInLink('/'), { code: 'WEB_SIGN_IN_LINK_NOT_LOCAL' });
  t.equal((await ask(stage.web, '/metrics')).status, 401);
  const headers = { authorization: 'Bearer sixteen-letters!' };
  t.match((await ask(stage.web, '/metrics', { headers })).text, /speakerpost_web_slow_clients_total 0/);
  t.equal((await ask(stage.web, '/metrics', { headers: { authorization: 'Bearer sixteen-letters?' } })).status, 401);
});

test('a page elsewhere that rebinds its name to this machine reads nothing', async (t) => {
  const stage = await setStage(t);
  for (const path of ['/metrics', '/sign-in', '/healthz']) {
    t.equal((await ask(stage.web, path, { headers: { host: 'evil.test:8080' } })).status, 421);
    t.equal((await ask(stage.web, path, { headers: { host: `localhost:${stage.web.port}` } })).status, 200);
  }
});
