import { createServer } from 'node:net';
import { test } from 'tap';
import type { SipDialog } from '../../../src/sip/contract.ts';
import { rawHeader } from '../raw-peer.ts';
import { dialRaw, rawStream, streamRequest } from './raw-stream.ts';
import { answer, offer, startStation } from './station.ts';

const tcp = { transport: 'TCP', place: '10.9.8.7:5999' } as const;

test('a call by TCP: the answers and our BYE go back on its connection, whatever Via and Contact say', async (t) => {
  const gateway = await startStation(t, { tcpPort: 0 });
  const dialogs = new Promise<SipDialog>((resolve) =>
    gateway.agent.onInvite((invite) => {
      t.equal(invite.source.transport, 'tcp');
      void invite.answer(answer).then(resolve);
    }),
  );
  const post = await dialRaw(t, gateway.port('tcp'));
  post.write(streamRequest({ ...tcp, method: 'INVITE', sequence: 1, body: offer }));
  const ok = await post.until('5000 RTP/AVP');
  t.equal(rawHeader(ok, 'Contact'), `<sip:127.0.0.1:${gateway.port('tcp')};transport=tcp>`);
  const to = rawHeader(ok.slice(ok.indexOf('SIP/2.0 200')), 'To');
  post.write(streamRequest({ ...tcp, method: 'ACK', sequence: 1, to }));
  const dialog = await dialogs;
  await new Promise<void>((resolve) => dialog.onAck(resolve));
  const ended = dialog.bye();
  const bye = await post.until('BYE sip:post@10.9.8.7:5999;transport=tcp SIP/2.0');
  t.match(rawHeader(bye, 'Via'), /^SIP\/2\.0\/TCP 127\.0\.0\.1:/);
  const copied = ['Via', 'From', 'To', 'Call-ID', 'CSeq'].map((name) => `${name}: ${rawHeader(bye, name)}`);
  post.write(['SIP/2.0 200 OK', ...copied, 'Content-Length: 0', '', ''].join('\r\n'));
  await ended;
  t.equal(gateway.counter('dialogs'), 0);
  t.equal(gateway.counter('client_transactions'), 0, 'no timer K over TCP');
});

test('two agents call each other by TCP over one connection', async (t) => {
  const caller = await startStation(t, { tcpPort: 0 });
  const callee = await startStation(t, { tcpPort: 0 });
  callee.agent.onInvite((invite) => void invite.answer(answer));
  const uri = `sip:order@127.0.0.1:${callee.port('tcp')};transport=tcp`;
  for (let call = 0; call < 3; call++) {
    const dialog = await caller.agent.placeCall(uri, { sdpOffer: offer });
    await dialog.bye();
  }
  t.equal(caller.counter('connections_out_tcp'), 1, 'the caller opened one');
  t.equal(callee.counter('connections_out_tcp'), 0, 'the callee none');
  t.equal(callee.counter('dialogs'), 0);
});

test('an INVITE over 1,300 bytes goes by TCP, and by UDP to a peer that has none', async (t) => {
  const caller = await startStation(t, { tcpPort: 0 });
  const headers = { 'X-Long': 'x'.repeat(1_300) };
  for (const has of [true, false]) {
    const port = await freePort();
    const callee = await startStation(t, { port, tcpPort: has ? port : null });
    const transports: string[] = [];
    callee.agent.onInvite((invite) => {
      transports.push(invite.source.transport);
      void invite.answer(answer);
    });
    const dialog = await caller.agent.placeCall(`sip:order@127.0.0.1:${port}`, { sdpOffer: offer, headers });
    await dialog.bye();
    t.same(transports, [has ? 'tcp' : 'udp']);
    t.equal(callee.counter('dialogs'), 0);
  }
  t.equal(caller.counter('requests_moved_to_tcp'), 2);
});

/** A port that is free for TCP and, most likely, for UDP. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

test('CRLF CRLF is answered with CRLF', async (t) => {
  const gateway = await startStation(t, { tcpPort: 0 });
  const post = await dialRaw(t, gateway.port('tcp'));
  post.write('\r\n\r\n');
  t.equal(await post.until('\r\n'), '\r\n');
  t.equal(gateway.counter('keep_alives'), 1);
});

test('a broken stream gets a 400 and is closed; an unreadable message in a whole frame gets one and goes on', async (t) => {
  const gateway = await startStation(t, { tcpPort: 0 });
  const good = streamRequest({ ...tcp, method: 'OPTIONS', sequence: 1 });
  const post = await dialRaw(t, gateway.port('tcp'));
  post.write(good.replace('Max-Forwards: 70', 'Max-Forwards: lots'));
  t.match(await post.until('\r\n\r\n'), 'SIP/2.0 400');
  post.write(good);
  t.match(await post.until('\r\n\r\n'), 'SIP/2.0');
  post.write(good.replace('Content-Length: 0\r\n', ''));
  t.match(await post.until('\r\n\r\n'), 'SIP/2.0 400');
  await post.closed;
});

test('a stranger is cut off without a byte', async (t) => {
  const gateway = await startStation(t, { tcpPort: 0, allow: ['192.0.2.0/24'] });
  const post = await dialRaw(t, gateway.port('tcp'));
  post.write(streamRequest({ ...tcp, method: 'OPTIONS', sequence: 1 }));
  await post.closed;
  t.equal(post.socket.bytesRead, 0);
  t.equal(gateway.counter('dropped_source'), 1);
});

test('one source gets 64 connections', async (t) => {
  const gateway = await startStation(t, { tcpPort: 0 });
  const posts = await Promise.all(Array.from({ length: 65 }, () => dialRaw(t, gateway.port('tcp'))));
  await Promise.race(posts.map((post) => post.closed));
  t.equal(gateway.counter('connections_tcp'), 64);
  t.equal(gateway.counter('connections_refused'), 1);
});

test('when the connection is gone, the answer goes to the port in the Via (18.2.2)', async (t) => {
  const gateway = await startStation(t, { tcpPort: 0 });
  const listener = createServer();
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  t.teardown(() => listener.close());
  const address = listener.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const arrived = new Promise<string>((resolve) =>
    listener.once('connection', (socket) => resolve(rawStream(t, socket).until('SIP/2.0 200'))),
  );
  const post = await dialRaw(t, gateway.port('tcp'));
  gateway.agent.onInvite((invite) => {
    post.socket.destroy();
    const wait = setInterval(() => {
      if (gateway.counter('connections_tcp') > 0) return;
      clearInterval(wait);
      void invite.answer(answer).catch(() => {});
    }, 5);
  });
  post.write(
    streamRequest({ transport: 'TCP', place: `127.0.0.1:${port}`, method: 'INVITE', sequence: 1, body: offer }),
  );
  t.match(await arrived, 'SIP/2.0 200 OK');
});
