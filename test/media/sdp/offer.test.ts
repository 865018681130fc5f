import { test } from 'tap';
import { formatAnswer, readOffer } from '../../../src/media/sdp/answer.ts';
import { formatOffer, readAnswer } from '../../../src/media/sdp/offer.ts';

const US = { address: '192.0.2.9', rtpPort: 20_000, sessionId: 3, sessionVersion: 1 };
const THEM = { address: '192.0.2.1', rtpPort: 30_000, sessionId: 4, sessionVersion: 1 };

test('our offer and our answer to it agree: each side sends what the other expects', (t) => {
  const options = { codecs: ['PCMA', 'PCMU'], ptimeMs: 20, direction: 'sendonly' } as const;
  const offer = formatOffer(US, options);
  const theirs = readOffer(offer);
  const ours = readAnswer(formatAnswer(offer, theirs, THEM), options);
  t.match(ours, { codec: 'PCMA', ptimeMs: 20, direction: 'sendonly', rtcpMux: true, telephoneEventPayloadType: 101 });
  t.same(ours.remote, { address: '192.0.2.1', port: 30_000 });
  t.same(theirs.remote, { address: '192.0.2.9', port: 20_000 });
  t.equal(theirs.direction, 'recvonly');
  t.equal(ours.sendPayloadType, theirs.receivePayloadType);
  t.equal(ours.receivePayloadType, theirs.sendPayloadType);
  t.end();
});

test('an answer that numbers the codec differently: we send its number and receive ours', (t) => {
  const answer = 'v=0\r\nc=IN IP4 192.0.2.1\r\nm=audio 4000 RTP/AVP 96\r\na=rtpmap:96 PCMU/8000\r\n';
  t.match(readAnswer(answer, { codecs: ['PCMU'] }), {
    sendPayloadType: 96,
    receivePayloadType: 0,
    telephoneEventPayloadType: null,
  });
  t.end();
});

test('an answer that takes nothing of ours is an error', (t) => {
  const answer = (line: string) => `v=0\r\nc=IN IP4 192.0.2.1\r\n${line}\r\n`;
  for (const line of ['m=audio 0 RTP/AVP 0', 'm=audio 4000 RTP/AVP 8', 'm=video 4000 RTP/AVP 0', 'a=x']) {
    t.throws(() => readAnswer(answer(line), { codecs: ['PCMU'] }), { code: 'SDP_NO_COMMON_CODEC' }, line);
  }
  t.end();
});
