import { type Test, test } from 'tap';
import { SipSyntaxError } from '../../../src/sip/message/syntax-error.ts';
import { StreamFramer } from '../../../src/sip/transport/stream-framer.ts';

const head = (length: string, name = 'OPTIONS') =>
  [
    `${name} sip:order@127.0.0.1 SIP/2.0`,
    'Via: SIP/2.0/TCP 127.0.0.1:5060;branch=z9hG4bK1',
    'From: <sip:a@127.0.0.1>;tag=1',
    'To: <sip:b@127.0.0.1>',
    'Call-ID: 1',
    `CSeq: 1 ${name}`,
    ...(length === '' ? [] : [length]),
    '',
    '',
  ].join('\r\n');

function feed(framer: StreamFramer, chunks: readonly string[]) {
  const seen: string[] = [];
  for (const chunk of chunks)
    framer.push(Buffer.from(chunk, 'latin1'), {
      message: (bytes) => seen.push(Buffer.from(bytes).toString('latin1')),
      ping: () => seen.push('ping'),
    });
  return seen;
}

const messages = [
  `${head('Content-Length: 4')}body`,
  `${head('l : 3')}abc`,
  head('Content-Length: 0'),
  `${head('Content-Length:\r\n 2')}xy`,
];

test('a stream is cut at Content-Length, wherever the network splits it', async (t) => {
  const stream = messages.join('');
  for (const size of [1, 2, 3, 7, 64, stream.length]) {
    const chunks: string[] = [];
    for (let at = 0; at < stream.length; at += size) chunks.push(stream.slice(at, at + size));
    const framer = new StreamFramer();
    t.same(feed(framer, chunks), messages, `chunks of ${size}`);
    t.notOk(framer.isInside);
  }
});

test('CRLF CRLF between messages is a keep-alive, also in two pieces; a single CRLF is nothing', async (t) => {
  const [message = ''] = messages;
  t.same(feed(new StreamFramer(), ['\r\n', '\r\n', message, '\r\n', message, '\r\n\r\n']), [
    'ping',
    message,
    message,
    'ping',
  ]);
});

function failure(t: Test, text: string): SipSyntaxError {
  try {
    feed(new StreamFramer(), [text]);
  } catch (error) {
    if (error instanceof SipSyntaxError) return error;
  }
  t.fail('nothing was thrown');
  throw new Error('unreachable');
}

test('a stream whose next message cannot be found is given up, with what a 400 needs', async (t) => {
  for (const length of ['', 'Content-Length: -1', 'Content-Length: 99999999', 'Content-Length: 0\r\nContent-Length: 4'])
    t.equal(failure(t, head(length)).answerable?.method, 'OPTIONS', length === '' ? 'no Content-Length' : length);
  t.equal(failure(t, head('', 'ACK')).answerable, null, 'an ACK is never answered');
  t.equal(failure(t, 'x'.repeat(17_000)).code, 'HEAD_TOO_LONG');
});
