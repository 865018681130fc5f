import { test } from 'tap';
import type { Permission } from '../../src/access/permissions.ts';
import { callDetail } from '../../src/web/api/shapes.ts';
import { type Answer, aCall, ask, cookieOf, type Stage, setStage } from './fixtures.ts';

const PASSWORD = 'correct horse battery';

async function as(stage: Stage, role: 'crew' | 'manager' | 'admin' | 'support') {
  const name = `the-${role}`;
  if (stage.access.people.find(name) === null) await stage.access.people.add(name, role, PASSWORD);
  const cookie = cookieOf(await ask(stage.web, '/sign-in', { form: { name, password: PASSWORD } }));
  const { csrfToken } = JSON.parse((await ask(stage.web, '/api/session', { headers: { cookie } })).text);
  return { cookie, 'x-csrf-token': String(csrfToken) };
}

function send(
  stage: Stage,
  method: string,
  path: string,
  body: unknown,
  headers: Record<string, string>,
): Promise<Answer> {
  return ask(stage.web, path, { method, json: body, headers });
}

const parsed = (answer: Answer) => JSON.parse(answer.text);

test('every route says no to strangers, and to each role that lacks its right', async (t) => {
  const stage = await setStage(t);
  stage.reader.calls.push(aCall('c1'));
  const admin = await as(stage, 'admin');
  const { paths } = parsed(await ask(stage.web, '/api/openapi.json', { headers: admin }));
  const routes = Object.entries(paths as Record<string, Record<string, { description?: string }>>).flatMap(
    ([path, methods]) =>
      Object.entries(methods).map(([method, { description }]) => ({
        method: method.toUpperCase(),
        path: path.replaceAll(/\{\w+\}/g, 'c1'),
        needs: /Needs `([\w.-]+)`/.exec(description ?? '')?.[1] as Permission | undefined,
      })),
  );
  t.ok(routes.length >= 14);
  const roles = await Promise.all(
    (['crew', 'support', 'manager'] as const).map(async (role) => {
      const headers = await as(stage, role);
      const session = parsed(await ask(stage.web, '/api/session', { headers }));
      return { role, headers, permissions: session.permissions as readonly string[] };
    }),
  );
  for (const { method, path, needs } of routes) {
    for (const headers of [{}, { authorization: 'Bearer spk_forged' }, { cookie: 'speakerpost=forged' }]) {
      const answer = await send(stage, method, path, {}, headers as Record<string, string>);
      t.equal(answer.status, 401, `${method} ${path}`);
      t.notMatch(answer.text, /lane-1|burger/i);
    }
    for (const { role, headers, permissions } of roles) {
      if (needs === undefined || permissions.includes(needs)) continue;
      t.equal((await send(stage, method, path, {}, headers)).status, 403, `${role}: ${method} ${path}`);
    }
  }
});

test('what changes something needs the token of its session; a key of a program does not', async (t) => {
  const stage = await setStage(t);
  const { cookie, ...token } = await as(stage, 'admin');
  const body = { name: 'ana', role: 'crew', password: PASSWORD };
  t.equal((await send(stage, 'POST', '/api/people', body, { cookie })).status, 403);
  const other = await as(stage, 'admin');
  t.equal((await send(stage, 'POST', '/api/people', body, { ...other, cookie })).status, 403, 'of another session');
  t.equal(
    (await send(stage, 'POST', '/api/people', body, { cookie, ...token, origin: 'https://evil.test' })).status,
    403,
  );
  t.equal((await send(stage, 'POST', '/api/people', body, { cookie, ...token })).status, 200);
  t.same(stage.access.people.list.map(({ name }) => name).includes('ana'), true);

  const made = parsed(
    await send(stage, 'POST', '/api/tokens', { name: 'pos', scopes: ['calls.read'], days: 1 }, { cookie, ...token }),
  );
  const authorization = `Bearer ${made.token}`;
  t.equal((await ask(stage.web, '/api/calls', { headers: { authorization } })).status, 200);
  t.equal((await ask(stage.web, '/api/people', { headers: { authorization } })).status, 403, 'only what it was given');
  t.notMatch((await ask(stage.web, '/api/tokens', { headers: { cookie } })).text, made.token);
  stage.clock.advance(86_400_000);
  t.equal((await ask(stage.web, '/api/calls', { headers: { authorization } })).status, 401, 'after its time');
});

test('what has not the shape is refused with the place, and nothing is done', async (t) => {
  const stage = await setStage(t);
  const headers = await as(stage, 'admin');
  for (const body of [
    null,
    [],
    {},
    { name: 'x', role: 'king', password: null },
    { name: 1, role: 'crew', password: null },
  ]) {
    const answer = await send(stage, 'POST', '/api/people', body, headers);
    t.equal(answer.status, 400);
    t.match(parsed(answer).error, /shape|cannot be read/);
  }
  for (const query of ['limit=0', 'limit=x', 'after=x', 'outcome=gone', 'from=-1', 'order=best']) {
    t.equal((await ask(stage.web, `/api/calls?${query}`, { headers })).status, 400, query);
  }
  const answer = await ask(stage.web, '/api/people', { method: 'POST', raw: '{"name":', headers });
  t.equal(answer.status, 400);
  t.match(answer.headers['content-type'], /json/);
  t.equal(
    (await ask(stage.web, '/api/people', { method: 'POST', raw: `"${'x'.repeat(2 ** 21)}"`, headers })).status,
    413,
  );
  const conflict = await send(stage, 'DELETE', '/api/people/manager', undefined, headers);
  t.equal(conflict.status, 204);
  const last = await send(stage, 'DELETE', '/api/people/the-admin', undefined, headers);
  t.equal(last.status, 409);
  t.match(parsed(last), { code: 'ACCESS_LAST_ADMIN', remedy: /somebody else/ });
  t.equal((await send(stage, 'DELETE', '/api/people/nobody', undefined, headers)).status, 404);
});

test('the list is asked for as the URL says, and comes as CSV that a spreadsheet does not run', async (t) => {
  const stage = await setStage(t);
  stage.reader.calls.push(aCall('c1', 1000), {
    ...aCall('c2', 2000),
    summary: { ...aCall('c2', 2000).summary, lane: '=1+1' },
  });
  const headers = await as(stage, 'manager');
  const path =
    '/api/calls?lane=l&outcome=failed&delivery=dead&flag=allergy&text=two+burgers&from=5&to=9&order=worst&limit=7';
  t.equal((await ask(stage.web, path, { headers })).status, 200);
  t.same(stage.reader.listAsked.at(-1), {
    limit: 8,
    order: 'worst',
    after: null,
    filter: {
      lane: 'l',
      outcome: 'failed',
      delivery: 'dead',
      flag: 'allergy',
      text: 'two burgers',
      fromWallMs: 5,
      toWallMs: 9,
    },
  });
  const csv = await ask(stage.web, '/api/calls.csv', { headers });
  t.match(csv.headers['content-type'], /text\/csv/);
  const [head, first, second] = csv.text.split('\n');
  t.match(head, /^call,time,local_time,lane,outcome,items,total/);
  t.match(first, /^c2,1970-01-01T00:00:02.000Z,.*'=1\+1/);
  t.match(second, /^c1,/);
  t.match(stage.access.audit.list({ limit: 1, beforeId: null, subject: null }), [
    { name: 'the-manager', action: 'calls.exported', detail: '2 calls' },
  ]);
});

test('a call is read as the description says, and who read it is noted', async (t) => {
  const stage = await setStage(t);
  stage.reader.calls.push(aCall('c1'));
  const headers = await as(stage, 'manager');
  const call = parsed(await ask(stage.web, '/api/calls/c1', { headers }));
  t.same(callDetail.parse(call), call, 'the shape has everything that the answer has');
  t.match(stage.access.audit.list({ limit: 1, beforeId: null, subject: 'c1' }), [
    { name: 'the-manager', action: 'call.read' },
  ]);
  await ask(stage.web, '/calls/c1/recording', { headers });
  const admin = await as(stage, 'admin');
  const audit = parsed(await ask(stage.web, '/api/audit?subject=c1', { headers: admin }));
  t.match(audit, [{ action: 'call.listened', name: 'the-manager', address: /127/ }, { action: 'call.read' }]);
});

test('figures come with their definitions', async (t) => {
  const stage = await setStage(t);
  const headers = await as(stage, 'support');
  const answer = parsed(await ask(stage.web, '/api/numbers?from=0&to=86400000&by=lane', { headers }));
  t.match(answer.definitions, { contained: /nobody of the crew/ });
  t.same(
    Object.keys(answer.definitions).filter((name) => !(name in answer.all)),
    [],
    'each belongs to a figure',
  );
  t.same(stage.reader.numbersAsked, [{ fromWallMs: 0, toWallMs: 86_400_000, by: 'lane', timezone: 'America/Chicago' }]);
  t.equal((await ask(stage.web, '/api/numbers?from=5&to=1', { headers })).status, 400);
});

test('an own password is changed with the old one, and every session ends', async (t) => {
  const stage = await setStage(t);
  const headers = await as(stage, 'crew');
  const change = (old: string, next: string) =>
    send(stage, 'POST', '/api/session/password', { old, new: next }, headers);
  t.equal((await change('wrong', 'a new password of mine')).status, 403);
  t.equal((await change(PASSWORD, 'short')).status, 422);
  t.equal((await change(PASSWORD, 'a new password of mine')).status, 204);
  t.equal((await ask(stage.web, '/api/session', { headers })).status, 401);
});
