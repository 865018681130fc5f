import { test } from 'tap';
import { parseAppMessage } from '../../../src/sip/drachtio-server/app-message.ts';
import { FrameReader, writeFrame } from '../../../src/sip/drachtio-server/frame.ts';
import {
  localFinalLeader,
  networkLeader,
  requestEcho,
  responseEcho,
  wireTime,
} from '../../../src/sip/drachtio-server/wire.ts';

const from = { protocol: 'udp', address: '127.0.0.1', port: 5081 } as const;

test('frames are cut out of the stream wherever it is split', async (t) => {
  // Captured between drachtio-srf 5.0.29 and drachtio-server v0.9.10 (ids shortened).
  const stream = Buffer.from('18#60b4a8|ping|Zażó36#99a3e8|route|invite, and some more..');
  for (let cut = 0; cut <= stream.length; cut++) {
    const reader = new FrameReader();
    const payloads = [...reader.push(stream.subarray(0, cut)), ...reader.push(stream.subarray(cut))];
    t.same(payloads.map(String), ['60b4a8|ping|Zażó', '99a3e8|route|invite, and some more..']);
  }
  t.equal(writeFrame('Zażó').toString(), '6#Zażó', 'the length is in bytes');
});

test('what is no frame is refused at its first wrong byte', async (t) => {
  for (const garbage of ['GET / HTTP/1.1', '#abc', '0#', '-5#abcde', '123456#', '99999999', '\x16\x03\x01'])
    t.throws(() => new FrameReader().push(Buffer.from(garbage)), RangeError, JSON.stringify(garbage));
});

test('leaders have the tokens of the captures', async (t) => {
  const at = { bytes: 533, from, time: '12:14:22.700787', transactionId: 'c454d51c' };
  t.equal(
    networkLeader({ ...at, dialogId: '', receivedOn: { address: '127.0.0.1', port: 5070 } }),
    'sip|network|533|udp|127.0.0.1|5081|12:14:22.700787|c454d51c||127.0.0.1|5070|',
  );
  t.equal(
    networkLeader({ ...at, bytes: 354, dialogId: '1-23626@127.0.0.1;from-tag=23626SIPp1', receivedOn: null }),
    'sip|network|354|udp|127.0.0.1|5081|12:14:22.700787|c454d51c|1-23626@127.0.0.1;from-tag=23626SIPp1|',
  );
  t.equal(
    responseEcho('2ecb1bea', 500, from, '12:14:22.705551', 'c454d51c', '1-23626@127.0.0.1;from-tag=23626SIPp1'),
    'response|2ecb1bea|OK|application|500|udp|127.0.0.1|5081|12:14:22.705551|c454d51c|1-23626@127.0.0.1;from-tag=23626SIPp1||Msg sent:|',
  );
  t.equal(
    requestEcho('441f2b35', 545, { ...from, port: 5070 }, '12:15:18.512827', 'e1dd7a06'),
    'response|441f2b35|OK|application|545|udp|127.0.0.1|5070|12:15:18.512827|e1dd7a06|Msg sent:|',
  );
  t.equal(
    localFinalLeader('12:16:27.438852', 'cbaf342d', '4ed64b52;from-tag=jg5Qt0Qrga10m'),
    'sip|network|0|udp||0|12:16:27.438852|cbaf342d|4ed64b52;from-tag=jg5Qt0Qrga10m|',
  );
  t.equal(wireTime(Date.UTC(2026, 0, 1, 12, 14, 22, 700)), '12:14:22.700000');
});

test("an application's message is taken as drachtio-srf writes it: its Content-Length does not count", async (t) => {
  const text = 'SIP/2.0 183 Session in Progress\r\ncseq: 1 INVITE\r\ncontent-length: 11\r\nno header\r\n\r\nZażółć 🍔';
  const message = parseAppMessage(Buffer.from(text));
  t.same(message?.response, { status: 183, reason: 'Session in Progress' });
  t.same(message?.headers, [
    { name: 'cseq', value: '1 INVITE' },
    { name: 'content-length', value: '11' },
  ]);
  t.equal(message?.body.toString(), 'Zażółć 🍔');
  t.equal(parseAppMessage(Buffer.from('nonsense')), null);
});
