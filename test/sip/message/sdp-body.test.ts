import { test } from 'tap';
import { hasSdp, sdpOf } from '../../../src/sip/message/sdp-body.ts';

const sdp = 'v=0\r\ns=-\r\n';
const multipart = [
  '--b1',
  'Content-Type: text/plain',
  '',
  'lane two',
  '--b1',
  'content-type:application/sdp',
  '',
  `${sdp}`,
  '--b1--',
  '',
].join('\r\n');

test('the description is the body, or the SDP part of a multipart', async (t) => {
  t.equal(sdpOf('application/sdp', sdp), sdp);
  t.equal(sdpOf('', sdp), sdp, 'without a type it is what INVITEs carry');
  t.equal(sdpOf('application/sdp', ''), null);
  t.equal(sdpOf('multipart/mixed;boundary="b1"', multipart), sdp);
  t.equal(sdpOf('Multipart/Mixed; Boundary=b1', multipart), sdp);
});

test('a multipart without a boundary, or without SDP, has none', async (t) => {
  for (const type of [
    'multipart/mixed',
    'multipart/mixed;boundary=',
    `multipart/mixed;boundary=${'b'.repeat(71)}`,
    'multipart/mixed;boundary=b2',
  ])
    t.equal(sdpOf(type, multipart), null, type);
  t.equal(sdpOf('multipart/mixed;boundary=b1', '--b1\r\nContent-Type: text/plain\r\n\r\nx\r\n--b1--'), null);
});

test('whether a message carries SDP is seen without a look at its type, but for a multipart', async (t) => {
  const message = (type: string, body: string) => ({
    kind: 'response' as const,
    status: 200,
    reason: 'OK',
    headers: [{ name: 'content-type', value: type }],
    body: Buffer.from(body),
  });
  t.ok(hasSdp(message('application/sdp', sdp)));
  t.ok(hasSdp(message('multipart/mixed;boundary=b1', multipart)));
  t.notOk(hasSdp(message('multipart/mixed;boundary=b2', multipart)));
  t.notOk(hasSdp(message('application/dtmf-relay', 'Signal=5')));
  t.notOk(hasSdp(message('application/sdp', '')));
});
