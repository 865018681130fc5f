import { test } from 'tap';
import type { CallDetail } from '../../src/records/contract.ts';
import { SpeakerpostError } from '../../src/runtime/errors.ts';
import { aCall, ask, csrfOf, setStage, signIn } from './fixtures.ts';

test('the list shows one row a call and leads to older ones', async (t) => {
  const stage = await setStage(t);
  for (let index = 0; index < 120; index++) stage.reader.calls.push(aCall(`c${index}`, 1_764_000_000_000 + index));
  const headers = await signIn(stage);
  const seen: string[] = [];
  let path: string | null = '/calls';
  for (let pages = 0; path !== null && pages < 5; pages++) {
    const { text } = await ask(stage.web, path, { headers });
    seen.push(...[...text.matchAll(/href="\/calls\/(c\d+)"/g)].map((match) => match[1] ?? ''));
    path = /href="(\/calls\?after=[^"]+)"/.exec(text)?.[1] ?? null;
  }
  t.same(
    seen,
    Array.from({ length: 120 }, (_, index) => `c${119 - index}`),
  );
  const { text } = await ask(stage.web, '/calls', { headers });
  for (const cell of [
    'Nov 24, 10:00:00',
    'lane-1',
    'ordered',
    '$13.00',
    '1:07',
    '0.4 s',
    'needs attention',
    'total mismatch',
  ]) {
    t.ok(text.includes(cell), cell);
  }
});

test('a call shows its ticket, what it came from, its delivery and its quality', async (t) => {
  const stage = await setStage(t);
  stage.reader.calls.push(aCall('c1'));
  const { text } = await ask(stage.web, '/calls/c1', { headers: await signIn(stage) });
  for (const part of [
    '<audio id="sound" controls preload="metadata" src="/calls/c1/recording">',
    'href="/calls/c1/recording#t=3,4.2" data-from="3" data-to="4.2"',
    'Guests were told: “This call is recorded.”',
    'no onion',
    'sesame allergy',
    '<dt>Total, computed</dt><dd><strong>$13.00</strong></dd>',
    '<dt>Total, spoken</dt><dd>$14.00 <span class="state failed">differs</span></dd>',
    'HTTP 503',
    'Send again',
    '2 lost, 1 late, 0 double, 0 refused',
    'media started',
    '181 ms',
  ]) {
    t.ok(text.includes(part), part);
  }
});

test('a delivered ticket has no button, and a late click on an old page sends nothing', async (t) => {
  const stage = await setStage(t);
  const headers = await signIn(stage);
  stage.reader.calls = [aCall('c1')];
  const csrf = csrfOf(await ask(stage.web, '/calls/c1', { headers }));
  stage.reader.calls = [{ ...aCall('c1'), tickets: aCall('c1').tickets.map((each) => ({ ...each, state: 'acked' })) }];
  t.notOk((await ask(stage.web, '/calls/c1', { headers })).text.includes('Send again'));
  const path = '/calls/c1/tickets/t-c1/1/resend';
  t.equal((await ask(stage.web, path, { headers, form: { csrf } })).headers.location, '/calls/c1?notice=not-needed');
  t.equal((await ask(stage.web, '/calls/c1/tickets/t-c1/2/resend', { headers, form: { csrf } })).status, 404);
  t.same(stage.resent, []);
});

test('an unrecorded live call shows its draft without links to sound', async (t) => {
  const stage = await setStage(t);
  const { summary, tickets, ...rest } = aCall('c1');
  const ticket = tickets[0]?.ticket;
  if (ticket === undefined) throw new Error('no ticket');
  const draft: CallDetail['drafts'][number] = {
    customerSeq: 1,
    revision: 1,
    status: 'draft',
    lines: ticket.lines,
    totals: { ...ticket.totals, spokenTotalCents: null, spokenMatches: null },
    notes: [],
    reviewReasons: [],
    unresolved: ['cheese curds'],
    history: [],
  };
  stage.reader.calls.push({
    ...rest,
    summary: { ...summary, outcome: 'live', durationMs: null },
    tickets: [],
    drafts: [draft],
    stats: null,
    recording: null,
  });
  const { text } = await ask(stage.web, '/calls/c1', { headers: await signIn(stage) });
  t.match(text, /not recorded/);
  t.match(text, /Not on the menu: cheese curds/);
  t.match(text, /data-settled="no"/);
  t.notMatch(text, /<audio|data-from/);
});

test('what callers, menus and the model say is text, never markup', async (t) => {
  const stage = await setStage(t);
  const hostile = `"'><img src=x onerror=alert(1)><script>alert(2)</script>`;
  const poison = (value: unknown, key = ''): unknown => {
    if (typeof value === 'string') {
      return ['callId', 'outcome', 'currency', 'deliveryState', 'state', 'op'].includes(key) ? value : value + hostile;
    }
    if (Array.isArray(value)) return value.map((each) => poison(each, key));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, poison(each, name)]));
  };
  const id = `c1${hostile}/../x`;
  stage.reader.calls.push(poison(aCall(id)) as CallDetail);
  stage.desk.alerts.push({
    kind: 'alert',
    callId: id,
    error: { code: 'INTERNAL', details: { reason: hostile } },
    atWallMs: stage.clock.wallMs(),
  });
  const headers = await signIn(stage);
  for (const path of [
    '/calls',
    `/calls/${encodeURIComponent(id)}`,
    '/live',
    `/sign-in?next=${encodeURIComponent(`/${hostile}`)}`,
  ]) {
    const answer = await ask(stage.web, path, path.startsWith('/sign-in') ? {} : { headers });
    t.equal(answer.status, 200, path);
    t.notMatch(answer.text, /<img|alert\(\d\)<\/script>|<script>/, path);
    t.equal(
      answer.text.split('<script').length - 1,
      (answer.text.match(/<script type="module" src="\/static\/\w+\.js"><\/script>/g) ?? []).length,
    );
    t.match(answer.text, /Burger &lt;Barn&gt;/);
    const policy = String(answer.headers['content-security-policy']);
    t.match(policy, /default-src 'none'; script-src 'self'; style-src 'self'/);
    t.notMatch(policy, /unsafe|\*/);
    t.equal(answer.headers['x-content-type-options'], 'nosniff');
    t.equal(answer.headers['cache-control'], 'no-store');
    t.equal(answer.headers['x-powered-by'], undefined);
  }
  const call = await ask(stage.web, `/calls/${encodeURIComponent(id)}`, { headers });
  t.match(call.text, /&lt;img src=x onerror=alert\(1\)&gt;/, 'the words are there to be read');
});

test('alerts of the last hour stand on every page, with what to do', async (t) => {
  const stage = await setStage(t);
  const headers = await signIn(stage);
  const error = { code: 'RECORD_READER_FAILED', details: { reason: 'disk' } } as const;
  stage.desk.alerts.push({ kind: 'alert', callId: null, error, atWallMs: stage.clock.wallMs() });
  t.match(
    (await ask(stage.web, '/calls', { headers })).text,
    /role="alert"[\s\S]*cannot be read: disk[\s\S]*Load the page again/,
  );
  stage.clock.advance(3_600_000);
  t.notMatch((await ask(stage.web, '/calls', { headers })).text, /role="alert"/);
});

test("the API gives the contracts' shapes", async (t) => {
  const stage = await setStage(t);
  stage.reader.calls.push(aCall('c1', 1000), aCall('c2', 2000));
  const headers = await signIn(stage);
  const json = async (path: string) => JSON.parse((await ask(stage.web, path, { headers })).text);
  t.same(await json('/api/calls?limit=1'), { calls: [aCall('c2', 2000).summary], next: '2000-c2' });
  t.same(await json('/api/calls?limit=1&after=2000-c2'), { calls: [aCall('c1', 1000).summary], next: null });
  t.same(await json('/api/calls/c1'), aCall('c1', 1000));
  t.same(await json('/api/live'), { calls: [], alerts: [], deliveries: [] });
  t.equal((await ask(stage.web, '/api/calls/none', { headers })).status, 404);
});

test('bad requests and failures of other rooms get clear answers', async (t) => {
  const stage = await setStage(t);
  const headers = await signIn(stage);
  t.equal((await ask(stage.web, '/calls/%E0%A4%A', { headers })).status, 400);
  t.equal((await ask(stage.web, '/calls/none', { headers })).status, 404);
  t.equal((await ask(stage.web, '/sign-in', { form: { name: 'x'.repeat(9000) } })).status, 413);
  stage.reader.getCall = async () => {
    throw new SpeakerpostError('RECORD_READER_FAILED', { reason: 'worker died' });
  };
  const failed = await ask(stage.web, '/calls/c1', { headers });
  t.equal(failed.status, 500);
  t.match(failed.text, /worker died[\s\S]*Load the page again/);
  stage.reader.getCall = async () => {
    throw new Error('secret of the inside');
  };
  t.notMatch((await ask(stage.web, '/calls/c1', { headers })).text, /secret/);
});
