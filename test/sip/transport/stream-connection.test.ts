import { createServer, type Socket } from 'node:net';
import { type Test, test } from 'tap';
import { FakeClock } from '../../../src/runtime/fake-clock.ts';
import { StreamConnection } from '../../../src/sip/transport/stream-connection.ts';
import { dialRaw, type RawStream, streamRequest } from './raw-stream.ts';

async function connected(t: Test, clock: FakeClock) {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const address = server.address();
  const sockets = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const peer: RawStream = await dialRaw(t, typeof address === 'object' && address !== null ? address.port : 0);
  const socket = await sockets;
  let why = '';
  let received = 0;
  let wake = () => {};
  const connection = new StreamConnection({
    socket,
    protocol: 'tcp',
    address: '127.0.0.1',
    port: peer.port,
    isOutgoing: false,
    dialWithinMs: 1_000,
    clock,
    onMessage: () => received++,
    onPing: () => {},
    onBroken: () => {},
    onClosed: (reason) => {
      why = reason;
    },
  });
  socket.on('data', () => wake());
  const write = (text: string) =>
    new Promise<void>((resolve) => {
      wake = resolve;
      peer.write(text);
    });
  return { peer, connection, write, why: () => why, received: () => received };
}

const message = streamRequest({ transport: 'TCP', place: '127.0.0.1:5999', method: 'OPTIONS', sequence: 1 });

test('a connection that says nothing is closed after 10 s', async (t) => {
  const clock = new FakeClock();
  const { peer, why } = await connected(t, clock);
  clock.advance(9_999);
  t.equal(why(), '');
  clock.advance(1);
  await peer.closed;
  t.equal(why(), 'slow');
});

test('a message that drips in has 10 s in all', async (t) => {
  const clock = new FakeClock();
  const { peer, write, why } = await connected(t, clock);
  await write(message);
  clock.advance(60_000);
  t.equal(why(), '', 'one that has spoken may be silent');
  for (const part of [message.slice(0, 5), message.slice(5, 9), message.slice(9, 20)]) {
    await write(part);
    clock.advance(3_000);
  }
  clock.advance(1_000);
  await peer.closed;
  t.equal(why(), 'slow');
});

test('a connection is closed 65 minutes after its last byte', async (t) => {
  const clock = new FakeClock();
  const { peer, connection, write, why, received } = await connected(t, clock);
  await write(message);
  t.equal(received(), 1);
  clock.advance(3_600_000);
  connection.send(Buffer.from('\r\n'), () => t.fail('not sent'));
  clock.advance(3_600_000);
  t.equal(why(), '');
  clock.advance(300_000);
  await peer.closed;
  t.equal(why(), 'idle');
  t.equal(clock.pendingCount, 0);
});
