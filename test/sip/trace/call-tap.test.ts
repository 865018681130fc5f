import { test } from 'tap';
import type { IncomingInvite } from '../../../src/sip/contract.ts';
import { noBody } from '../../../src/sip/message/message.ts';
import { parseMessage } from '../../../src/sip/message/reader.ts';
import { ladderLine } from '../../../src/sip/trace/ladder-line.ts';
import { eventually } from '../../support/eventually.ts';
import { openRawPeer, rawHeader, rawRequest } from '../raw-peer.ts';
import { answer, offer, startStation } from '../transport/station.ts';

const hop = { protocol: 'udp', address: '192.168.1.20', port: 5060 } as const;

test('a call is seen as it went over the wire, retransmissions too, and is known by its Call-ID', async (t) => {
  const gateway = await startStation(t);
  const peer = await openRawPeer(t);
  const port = gateway.port('udp');
  const invites = new Promise<IncomingInvite>((resolve) => gateway.agent.onInvite(resolve));
  const invite = rawRequest({
    method: 'INVITE',
    sequence: 1,
    port: peer.port,
    contentType: 'application/sdp',
    body: offer,
  });
  peer.send(invite, port);
  const call = await invites;
  call.ring();
  await peer.until('SIP/2.0 180');
  peer.send(invite, port);
  await eventually('the retransmission', 2_000, () => gateway.counter('retransmissions_in') === 1);
  await call.answer(answer);
  const to = rawHeader(await peer.until('SIP/2.0 200'), 'To');
  peer.send(rawRequest({ method: 'ACK', sequence: 1, port: peer.port, to }), port);
  peer.send(rawRequest({ method: 'BYE', sequence: 2, port: peer.port, to }), port);
  await peer.until('SIP/2.0 200', 'CSeq: 2 BYE');
  const { lines, more } = gateway.server.ladderOf('raw@127.0.0.1');
  t.same(
    lines.map(({ direction, what, isAgain }) => `${direction} ${what}${isAgain ? ' again' : ''}`),
    [
      'in INVITE sip:order@127.0.0.1',
      'out 100 Trying to INVITE',
      'out 180 Ringing to INVITE',
      'in INVITE sip:order@127.0.0.1 again',
      'out 180 Ringing to INVITE again',
      'out 200 OK to INVITE',
      'in ACK sip:order@127.0.0.1',
      'in BYE sip:order@127.0.0.1',
      'out 200 OK to BYE',
    ],
  );
  t.equal(more, 0);
  t.equal(lines[0]?.peer, `udp/127.0.0.1:${peer.port}`);
  t.ok(lines[0]?.details.includes('m=audio 4000 RTP/AVP 0'));
  t.same(gateway.server.ladderOf('nobody'), { lines: [], more: 0 });
});

test('what does not end with a call is not kept without end, and OPTIONS are no calls', async (t) => {
  const gateway = await startStation(t);
  const peer = await openRawPeer(t);
  const port = gateway.port('udp');
  gateway.agent.onInvite((invite) => void invite.answer(answer));
  peer.send(rawRequest({ method: 'OPTIONS', sequence: 1, port: peer.port }), port);
  await peer.until('SIP/2.0 200', 'CSeq: 1 OPTIONS');
  t.equal(gateway.server.ladderOf('raw@127.0.0.1').lines.length, 0);
  const body = { contentType: 'application/sdp', body: offer };
  peer.send(rawRequest({ method: 'INVITE', sequence: 2, port: peer.port, ...body }), port);
  const to = rawHeader(await peer.until('SIP/2.0 200', 'CSeq: 2 INVITE'), 'To');
  peer.send(rawRequest({ method: 'ACK', sequence: 2, port: peer.port, to }), port);
  for (let i = 3; i < 60; i++) peer.send(rawRequest({ method: 'INFO', sequence: i, port: peer.port, to }), port);
  await peer.until('SIP/2.0 200', 'CSeq: 59 INFO');
  const { lines, more } = gateway.server.ladderOf('raw@127.0.0.1');
  t.equal(lines.length, 80);
  t.equal(lines.length + more, 4 + 2 * 57);
});

test('passwords, keys and whole telephone numbers are not shown', async (t) => {
  const text = [
    'INVITE sip:+13125550100@192.168.1.10 SIP/2.0',
    'Via: SIP/2.0/UDP 192.168.1.20;branch=z9hG4bK1',
    'From: "Post" <sip:13125550177@192.168.1.20>;tag=1',
    'To: <sip:+13125550100@192.168.1.10>',
    'Call-ID: a',
    'CSeq: 1 INVITE',
    'Max-Forwards: 70',
    'Contact: <sip:post@192.168.1.20:5060>',
    'Authorization: Digest username="post", realm="speakerpost", nonce="n0nce", uri="sip:x", response="c0ffee", cnonce="1"',
    'Content-Type: application/sdp',
    '',
    'v=0\r\nc=IN IP4 192.168.1.20\r\nm=audio 4000 RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:c2VjcmV0c2VjcmV0\r\na=sendrecv\r\n',
  ].join('\r\n');
  const line = ladderLine(parseMessage(Buffer.from(text)), 'in', 0, hop);
  const shown = JSON.stringify(line);
  for (const secret of ['c0ffee', 'n0nce', 'c2VjcmV0', '3125550100', '3125550177']) t.notMatch(shown, secret);
  t.equal(line.what, 'INVITE sip:+*********00@192.168.1.10');
  t.ok(line.details.includes('authorization: username=post realm=speakerpost'));
  t.ok(line.details.includes('a=crypto:1 AES_CM_128_HMAC_SHA1_80 (key not shown)'));
  t.ok(line.details.includes('m=audio 4000 RTP/SAVP 0'));
  const long = { name: 'user-agent', value: 'x'.repeat(4_000) };
  const many = ladderLine(
    { kind: 'request', method: 'INFO', uri: 'sip:a', headers: Array(50).fill(long), body: noBody },
    'in',
    0,
    hop,
  );
  t.ok(JSON.stringify(many).length < 4_000, 'a message has its bounds');
});
