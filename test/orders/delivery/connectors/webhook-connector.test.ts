import { createServer, type RequestListener } from 'node:http';
import { Webhook } from 'standardwebhooks';
import { type Test, test } from 'tap';
import { WebhookConnector } from '../../../../src/orders/delivery/connectors/webhook-connector.ts';
import { systemClock } from '../../../../src/runtime/clock.ts';
import { makeTicket, secret } from '../fixtures.ts';

async function serve(t: Test, listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return `http://127.0.0.1:${address.port}/`;
}

const connect = (url: string, timeoutMs = 2_000) =>
  new WebhookConnector({ kind: 'webhook', url, secret, timeoutMs }, systemClock);

test('a ticket goes out as signed JSON under its idempotency key', async (t) => {
  let body = '';
  let headers: Record<string, string> = {};
  const url = await serve(t, (request, response) => {
    headers = request.headers as Record<string, string>;
    request.on('data', (chunk) => {
      body += String(chunk);
    });
    request.on('end', () => response.end('{"orderId":4711}'));
  });
  t.same(await connect(url).send(makeTicket('a')), { kind: 'accepted', detail: 'HTTP 200', posOrderId: '4711' });
  t.same(JSON.parse(body), makeTicket('a'));
  t.equal(headers['webhook-id'], 'tk_a.r1');
  t.same(new Webhook(secret).verify(body, headers), makeTicket('a'));
});

test('an answer is judged by its status', async (t) => {
  let status = 200;
  let extra: Record<string, string> = {};
  let text = '';
  const url = await serve(t, (_request, response) => response.writeHead(status, extra).end(text));
  const answer = (nextStatus: number, nextText = '', headers: Record<string, string> = {}) => {
    status = nextStatus;
    text = nextText;
    extra = headers;
    return connect(url).send(makeTicket('a'));
  };
  t.same(await answer(202, 'not json'), { kind: 'accepted', detail: 'HTTP 202', posOrderId: null });
  t.same(await answer(409, '{"orderId":"p1"}'), { kind: 'accepted', detail: 'HTTP 409', posOrderId: 'p1' });
  for (const later of [408, 425, 429, 500, 502, 503, 504]) {
    t.same(await answer(later), { kind: 'retry', detail: `HTTP ${later}`, waitMs: null });
  }
  for (const never of [400, 401, 404, 422]) t.match(await answer(never, 'unknown item'), { kind: 'refused' });
  t.match(await answer(422, 'unknown item'), { detail: 'HTTP 422 unknown item' });
  t.match(await answer(429, '', { 'retry-after': '3' }), { kind: 'retry', waitMs: 3_000 });
  t.match(await answer(503, '', { 'retry-after': '86400' }), { waitMs: 60_000 }, 'a day is cut');
  t.match(await answer(503, '', { 'retry-after': 'soon' }), { waitMs: null });
  const inFive = new Date(Date.now() + 5_500).toUTCString();
  const dated = await answer(429, '', { 'retry-after': inFive });
  t.ok(dated.kind === 'retry' && dated.waitMs !== null && dated.waitMs > 3_000 && dated.waitMs <= 5_500);
});

test('a redirect is not followed: the order would go elsewhere', async (t) => {
  let elsewhere = 0;
  const other = await serve(t, (_request, response) => {
    elsewhere++;
    response.end();
  });
  const url = await serve(t, (_request, response) => response.writeHead(307, { location: other }).end());
  t.match(await connect(url).send(makeTicket('a')), { kind: 'refused', detail: 'HTTP 307' });
  t.equal(elsewhere, 0);
});

test('no answer, a refused connection and a broken one are tried again', async (t) => {
  const silent = await serve(t, () => undefined);
  t.same(await connect(silent, 100).send(makeTicket('a')), {
    kind: 'retry',
    detail: 'no answer within 100 ms',
    waitMs: null,
  });
  t.match(await connect('http://127.0.0.1:1/').send(makeTicket('a')), { kind: 'retry' });
  const broken = await serve(t, (request) => request.socket.destroy());
  t.match(await connect(broken).send(makeTicket('a')), { kind: 'retry' });
});

test('an accepted order whose answer breaks off is accepted', async (t) => {
  const url = await serve(t, (_request, response) => {
    response.writeHead(200, { 'content-length': '100' });
    response.write('{"orderId":');
    setImmediate(() => response.destroy());
  });
  t.same(await connect(url).send(makeTicket('a')), { kind: 'accepted', detail: 'HTTP 200', posOrderId: null });
});

test('while the secret is replaced the order is signed with both', async (t) => {
  const previousSecret = `whsec_${Buffer.from('the old secret of thirty-two byt').toString('base64')}`;
  let body = '';
  let headers: Record<string, string> = {};
  const url = await serve(t, async (request, response) => {
    headers = request.headers as Record<string, string>;
    for await (const chunk of request) body += String(chunk);
    response.end();
  });
  const target = { kind: 'webhook', url, secret, previousSecret, timeoutMs: 2_000 } as const;
  t.match(await new WebhookConnector(target, systemClock).send(makeTicket('a')), { kind: 'accepted' });
  t.ok(new Webhook(secret).verify(body, headers));
  t.ok(new Webhook(previousSecret).verify(body, headers));
});

test('link-local and metadata addresses are refused before anything is sent', async (t) => {
  for (const host of [
    '169.254.169.254',
    '[fe80::1]',
    '[::ffff:169.254.0.1]',
    '2852039166',
    'metadata.google.internal',
  ]) {
    t.match(await connect(`http://${host}/`).send(makeTicket('a')), { kind: 'refused', detail: /link-local/ }, host);
  }
});
