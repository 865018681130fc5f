import { test } from 'tap';
import { CODEC_NAMES } from '../../../src/media/codecs/names.ts';
import { formatAnswer, readOffer } from '../../../src/media/sdp/answer.ts';
import { formatOffer, readAnswer } from '../../../src/media/sdp/offer.ts';
import { type MediaPolicy, PLAIN_POLICY, SendKeys } from '../../../src/media/sdp/policy.ts';

const LOCAL = { address: '192.0.2.9', rtpPort: 16_384, sessionId: 7, sessionVersion: 1 };
const KEY = Buffer.alloc(30, 1).toString('base64');
const GCM_KEY = Buffer.alloc(28, 2).toString('base64');

/** As linphone offers. */
const LINPHONE = offer('RTP/AVP', '96 9 0 8 98 101 99 100', [
  'a=rtpmap:96 opus/48000/2',
  'a=fmtp:96 useinbandfec=1; maxaveragebitrate=20000',
  'a=rtpmap:98 L16/16000',
  'a=rtpmap:101 telephone-event/48000',
  'a=rtpmap:99 telephone-event/16000',
  'a=rtpmap:100 telephone-event/8000',
]);

function offer(protocol: string, formats: string, lines: readonly string[] = []): string {
  return ['v=0', 'c=IN IP4 192.0.2.1', 't=0 0', `m=audio 4000 ${protocol} ${formats}`, ...lines, ''].join('\r\n');
}

function policy(changes: Partial<MediaPolicy>): MediaPolicy {
  return { ...PLAIN_POLICY, keys: new SendKeys(), ...changes };
}

test('without a list of ours the peer chooses; with one, our first that it has', (t) => {
  t.equal(readOffer(LINPHONE).codec, 'opus');
  t.equal(readOffer(LINPHONE, policy({ codecs: ['L16/16000', 'opus'] })).codec, 'L16/16000');
  t.equal(readOffer(LINPHONE, policy({ codecs: ['PCMA', 'PCMU'] })).codec, 'PCMA');
  t.throws(() => readOffer(LINPHONE, policy({ codecs: ['L16/8000'] })), { code: 'SDP_NO_COMMON_CODEC' });
  t.end();
});

test('events are those of the chosen clock', (t) => {
  t.match(readOffer(LINPHONE), { clockRateHz: 48_000, telephoneEventPayloadType: 101 });
  t.match(readOffer(LINPHONE, policy({ codecs: ['L16/16000'] })), {
    clockRateHz: 16_000,
    telephoneEventPayloadType: 99,
  });
  t.match(readOffer(LINPHONE, policy({ codecs: ['G722'] })), { clockRateHz: 8_000, telephoneEventPayloadType: 100 });
  const narrow = offer('RTP/AVP', '96 101', ['a=rtpmap:96 opus/48000/2', 'a=rtpmap:101 telephone-event/8000']);
  const media = readOffer(narrow);
  t.match(media, { telephoneEventPayloadType: 101, telephoneEventClockRateHz: 8_000 });
  t.match(formatAnswer(narrow, media, LOCAL), /a=rtpmap:101 telephone-event\/8000/);
  t.end();
});

test('Opus is answered with two channels and stereo refused; what the peer asks of our packets is read', (t) => {
  const media = readOffer(LINPHONE);
  t.same(media.opus, { fec: true, maxBitsPerSecond: 20_000 });
  const answer = formatAnswer(LINPHONE, media, LOCAL);
  t.match(answer, /m=audio 16384 RTP\/AVP 96 101\r\na=rtpmap:96 opus\/48000\/2\r\n/);
  t.match(answer, /a=fmtp:96 stereo=0;sprop-stereo=0;useinbandfec=1\r\n/);
  const plain = readOffer(offer('RTP/AVP', '111', ['a=rtpmap:111 OPUS/48000/2', 'a=fmtp:111 stereo=1']));
  t.match(plain, { codec: 'opus', sendPayloadType: 111, opus: { fec: false, maxBitsPerSecond: null } });
  t.end();
});

test('packet times are those that the codec has', (t) => {
  const ptime = (formats: string, ...lines: string[]) => readOffer(offer('RTP/AVP', formats, lines)).ptimeMs;
  t.equal(ptime('96', 'a=rtpmap:96 opus/48000/2', 'a=ptime:30'), 20);
  t.equal(ptime('96', 'a=rtpmap:96 opus/48000/2', 'a=ptime:60'), 60);
  t.equal(ptime('96', 'a=rtpmap:96 L16/16000', 'a=ptime:60'), 40);
  t.equal(ptime('9', 'a=ptime:30'), 30, 'G.722 by its static number');
  t.end();
});

for (const codec of CODEC_NAMES) {
  test(`${codec}: our offer and our answer to it agree`, (t) => {
    const options = { codecs: CODEC_NAMES };
    const text = formatOffer(LOCAL, options);
    const theirs = readOffer(text, policy({ codecs: [codec] }));
    const ours = readAnswer(formatAnswer(text, theirs, LOCAL), options);
    t.equal(theirs.codec, codec);
    t.equal(ours.codec, codec);
    t.equal(ours.clockRateHz, theirs.clockRateHz);
    t.equal(ours.telephoneEventPayloadType, theirs.telephoneEventPayloadType);
    t.equal(ours.telephoneEventClockRateHz, undefined);
    t.end();
  });
}

const SAVP = offer('RTP/SAVP', '0', [`a=crypto:3 AES_CM_128_HMAC_SHA1_80 inline:${KEY}|2^31`]);
const BEST_EFFORT = offer('RTP/AVP', '0', [
  `a=crypto:1 F8_128_HMAC_SHA1_80 inline:${KEY}`,
  `a=crypto:2 AEAD_AES_128_GCM inline:${GCM_KEY}`,
  `a=crypto:3 AES_CM_128_HMAC_SHA1_32 inline:${KEY}`,
]);
const PLAIN = offer('RTP/AVP', '0');

test('SRTP by policy: what is offered, what comes of it', (t) => {
  const cases: [text: string, srtp: MediaPolicy['srtp'], keysMayBeRead: boolean, outcome: string][] = [
    [PLAIN, 'off', true, 'plain'],
    [PLAIN, 'allow', true, 'plain'],
    [PLAIN, 'require', true, 'SDP_SRTP_REQUIRED'],
    [SAVP, 'off', true, 'SDP_NO_COMMON_CODEC'],
    [SAVP, 'allow', true, 'AES_CM_128_HMAC_SHA1_80'],
    [SAVP, 'require', true, 'AES_CM_128_HMAC_SHA1_80'],
    [SAVP, 'allow', false, 'SDP_SRTP_KEY_IN_CLEAR'],
    [SAVP, 'require', false, 'SDP_SRTP_KEY_IN_CLEAR'],
    [BEST_EFFORT, 'off', true, 'plain'],
    [BEST_EFFORT, 'allow', true, 'AEAD_AES_128_GCM'],
    [BEST_EFFORT, 'allow', false, 'plain'],
    [BEST_EFFORT, 'require', false, 'SDP_SRTP_KEY_IN_CLEAR'],
  ];
  for (const [text, srtp, keysMayBeRead, outcome] of cases) {
    const name = `${text.split('m=audio')[1]?.slice(0, 14)} ${srtp} ${keysMayBeRead}`;
    const read = () => readOffer(text, policy({ srtp, keysMayBeRead }));
    if (outcome.startsWith('SDP')) t.throws(read, { code: outcome }, name);
    else t.equal(read().srtp?.profile ?? 'plain', outcome, name);
  }
  t.end();
});

test('the answer repeats tag and suite with a key of ours, the same in the whole call', (t) => {
  const ours = policy({ srtp: 'allow', keysMayBeRead: true });
  const media = readOffer(SAVP, ours);
  t.same(media.srtp?.receiveKey, Buffer.alloc(30, 1));
  const sent = Buffer.from(media.srtp?.sendKey ?? []).toString('base64');
  const answer = formatAnswer(SAVP, media, LOCAL, ours);
  t.match(answer, 'm=audio 16384 RTP/SAVP 0\r\n');
  t.ok(answer.includes(`a=crypto:3 AES_CM_128_HMAC_SHA1_80 inline:${sent}\r\n`), answer);
  t.same(readOffer(SAVP, ours).srtp?.sendKey, media.srtp?.sendKey);
  t.notSame(readOffer(SAVP, policy({ srtp: 'allow', keysMayBeRead: true })).srtp?.sendKey, media.srtp?.sendKey);
  t.end();
});

test('keys that cannot be used are passed over: MKI, several, a wrong length, weakening parameters', (t) => {
  const refused = [
    `AES_CM_128_HMAC_SHA1_80 inline:${KEY}|2^20|1:4`,
    `AES_CM_128_HMAC_SHA1_80 inline:${KEY};inline:${KEY}`,
    `AES_CM_128_HMAC_SHA1_80 inline:${GCM_KEY}`,
    `AES_CM_128_HMAC_SHA1_80 inline:${KEY} UNENCRYPTED_SRTP`,
    'AES_CM_128_HMAC_SHA1_80 inline:',
    `AES_256_CM_HMAC_SHA1_80 inline:${KEY}`,
  ];
  for (const line of refused) {
    const text = offer('RTP/SAVP', '0', [`a=crypto:1 ${line}`]);
    const read = () => readOffer(text, policy({ srtp: 'allow', keysMayBeRead: true }));
    t.throws(read, { code: 'SDP_SRTP_REQUIRED' }, line);
  }
  t.end();
});

test('our offer of SRTP and the answer to it agree on the keys', (t) => {
  const options = { codecs: ['PCMU'] } as const;
  for (const srtp of ['allow', 'require'] as const) {
    const [us, them] = [policy({ srtp, keysMayBeRead: true }), policy({ srtp, keysMayBeRead: true })];
    const text = formatOffer(LOCAL, options, us);
    t.equal(text.includes('RTP/SAVP'), srtp === 'require');
    const theirs = readOffer(text, them);
    const ours = readAnswer(formatAnswer(text, theirs, LOCAL, them), options, us);
    t.same(ours.srtp?.sendKey, theirs.srtp?.receiveKey);
    t.same(ours.srtp?.receiveKey, theirs.srtp?.sendKey);
  }
  const secure = policy({ srtp: 'require', keysMayBeRead: true });
  t.throws(() => readAnswer(offer('RTP/AVP', '0'), options, secure), { code: 'SDP_SRTP_REQUIRED' });
  t.end();
});
