import { connect, type Socket } from 'node:net';
import { test } from 'tap';
import { FrameReader, writeFrame } from '../../../src/sip/drachtio-server/frame.ts';
import { startEmbeddedSipServer } from '../../../src/sip/embedded-server.ts';
import { onLoopback } from '../../support/sip-side.ts';

/** A raw connection to the application port of a fresh server, and its secret. */
async function raw(t: {
  teardown(task: () => Promise<void>): void;
}): Promise<{ socket: Socket; secret: string; listening: string; counters(): Readonly<Record<string, number>> }> {
  const server = await startEmbeddedSipServer(onLoopback);
  t.teardown(() => server.close());
  const [, secret = '', port] = /^drachtio:\/\/:(\w+)@127\.0\.0\.1:(\d+)$/.exec(server.url) ?? [];
  const socket = connect(Number(port), '127.0.0.1');
  socket.on('error', () => {});
  t.teardown(async () => {
    socket.destroy();
  });
  return { socket, secret, listening: server.listening.join(','), counters: () => server.counters() };
}

const closed = (socket: Socket) =>
  new Promise<string>((resolve) => {
    let text = '';
    socket.on('data', (bytes: Buffer) => {
      text += bytes.toString();
    });
    socket.on('close', () => resolve(text));
  });

test('authenticate, route, remove_route and ping are answered as drachtio-server does', async (t) => {
  const { socket, secret, listening } = await raw(t);
  for (const line of [
    `a1|authenticate|${secret}|lane`,
    'a2|route|invite',
    'a3|ping',
    'a4|remove_route|invite',
    'a5|proxy|x||',
    'a6|sip|nobody|\r\nSIP/2.0 200 OK\r\n\r\n',
    'a7|sip||no;from-tag=1\r\nBYE sip:x SIP/2.0\r\n\r\n',
    'a8|sip|t1|\r\nCANCEL sip:x SIP/2.0\r\n\r\n',
  ])
    socket.write(writeFrame(line));
  socket.end();
  const payloads = new FrameReader().push(Buffer.from(await closed(socket)));
  // Each begins with an id of the server's own.
  const answers = payloads.map((payload) => payload.toString().slice(37));
  t.equal(answers.length, 8);
  t.match(answers[0], new RegExp(`^response\\|a1\\|OK\\|${listening}\\|v\\d+\\.\\d+\\.\\d+[^|]*\\|${listening}$`));
  t.same(answers.slice(1), [
    'response|a2|OK',
    'response|a3|OK|pong',
    'response|a4|OK',
    'response|a5|NOK|not supported',
    'response|a6|NOK|Response not sent due to unknown transaction',
    'response|a7|NOK|Server error: unable to find dialog for dialog id provided',
    'response|a8|NOK|unable to cancel unknown transaction id: t1',
  ]);
});

test('a wrong secret is refused and the connection closed', async (t) => {
  const { socket, counters } = await raw(t);
  socket.write(writeFrame('a1|authenticate|guess|'));
  t.match(await closed(socket), 'response|a1|NO|incorrect secret');
  t.equal(counters()['application_refused'], 1);
});

test('any command before authenticate, and any garbage, closes the connection without a word', async (t) => {
  for (const bytes of [
    writeFrame('a1|route|invite'),
    writeFrame('a1|sip||\r\nOPTIONS sip:x SIP/2.0\r\n\r\n'),
    'GET / HTTP/1.1\r\n\r\n',
    '123456#',
  ]) {
    const { socket } = await raw(t);
    socket.write(bytes);
    t.equal(await closed(socket), '');
  }
});
