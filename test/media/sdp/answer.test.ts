import { test } from 'tap';
import { formatAnswer, readOffer } from '../../../src/media/sdp/answer.ts';
import { isError } from '../../../src/runtime/errors.ts';
import { seededRandom } from '../jitter/network.ts';

const LOCAL = { address: '192.0.2.9', rtpPort: 16_384, sessionId: 7, sessionVersion: 1 };

function offer(lines: readonly string[], connection = 'c=IN IP4 192.0.2.1'): string {
  return ['v=0', 'o=- 1 1 IN IP4 192.0.2.1', 's=-', connection, 't=0 0', ...lines, ''].join('\r\n');
}

function answerTo(sdp: string): string[] {
  return formatAnswer(sdp, readOffer(sdp), LOCAL).trimEnd().split('\r\n');
}

test('a plain offer is answered with its first codec, its payload types and an event at the codec clock', (t) => {
  const sdp = offer([
    'm=audio 49170 RTP/AVP 18 8 0 96 101',
    'a=rtpmap:18 G729/8000',
    'a=rtpmap:8 PCMA/8000',
    'a=rtpmap:0 PCMU/8000',
    'a=rtpmap:96 telephone-event/48000',
    'a=rtpmap:101 telephone-event/8000',
    'a=ptime:30',
  ]);
  t.same(readOffer(sdp), {
    codec: 'PCMA',
    sendPayloadType: 8,
    receivePayloadType: 8,
    clockRateHz: 8_000,
    ptimeMs: 30,
    telephoneEventPayloadType: 101,
    remote: { address: '192.0.2.1', port: 49_170 },
    direction: 'sendrecv',
    rtcpMux: false,
  });
  t.same(answerTo(sdp), [
    'v=0',
    'o=- 7 1 IN IP4 192.0.2.9',
    's=-',
    'c=IN IP4 192.0.2.9',
    't=0 0',
    'm=audio 16384 RTP/AVP 8 101',
    'a=rtpmap:8 PCMA/8000',
    'a=rtpmap:101 telephone-event/8000',
    'a=fmtp:101 0-15',
    'a=ptime:30',
    'a=sendrecv',
  ]);
  t.end();
});

test('static payload types need no rtpmap; a dynamic one may stand for G.711', (t) => {
  t.equal(readOffer(offer(['m=audio 4000 RTP/AVP 0 8'])).codec, 'PCMU');
  t.equal(readOffer(offer(['m=audio 4000 RTP/AVP 8 0'])).codec, 'PCMA');
  const dynamic = readOffer(offer(['m=audio 4000 RTP/AVP 97', 'a=rtpmap:97 pcmu/8000/1']));
  t.match(dynamic, { codec: 'PCMU', sendPayloadType: 97, receivePayloadType: 97, telephoneEventPayloadType: null });
  t.throws(() => readOffer(offer(['m=audio 4000 RTP/AVP 97', 'a=rtpmap:97 PCMU/16000'])), {
    code: 'SDP_NO_COMMON_CODEC',
  });
  t.throws(() => readOffer(offer(['m=audio 4000 RTP/AVP 97', 'a=rtpmap:97 PCMU/8000/2'])), {
    code: 'SDP_NO_COMMON_CODEC',
  });
  t.end();
});

test('the direction is mirrored, wherever it stands, and 0.0.0.0 is a hold', (t) => {
  const cases: [offered: string[], connection: string, ours: string][] = [
    [[], 'c=IN IP4 192.0.2.1', 'sendrecv'],
    [['a=sendonly'], 'c=IN IP4 192.0.2.1', 'recvonly'],
    [['a=recvonly'], 'c=IN IP4 192.0.2.1', 'sendonly'],
    [['a=inactive'], 'c=IN IP4 192.0.2.1', 'inactive'],
    [[], 'c=IN IP4 192.0.2.1\r\na=sendonly', 'recvonly'],
    [['a=sendrecv'], 'c=IN IP4 192.0.2.1\r\na=sendonly', 'sendrecv'],
    [[], 'c=IN IP4 0.0.0.0', 'recvonly'],
    [['a=recvonly'], 'c=IN IP4 0.0.0.0', 'inactive'],
  ];
  for (const [offered, connection, ours] of cases) {
    const sdp = offer(['m=audio 4000 RTP/AVP 0', ...offered], connection);
    t.equal(readOffer(sdp).direction, ours);
    t.ok(answerTo(sdp).includes(`a=${ours}`));
  }
  t.end();
});

test('each section of the offer has its line in the answer: video and second audio with port 0', (t) => {
  const sdp = offer([
    'm=video 5000 RTP/AVP 96 97',
    'a=rtpmap:96 H264/90000',
    'm=audio 0 RTP/AVP 0',
    'm=audio 4000 RTP/SAVP 0',
    'm=audio 4002 RTP/AVP 18',
    'm=audio 4004 RTP/AVP 0',
    'c=IN IP4 192.0.2.77',
    'm=audio 4006 RTP/AVP 8',
    'm=application 9 UDP/DTLS/SCTP webrtc-datachannel',
  ]);
  t.same(readOffer(sdp).remote, { address: '192.0.2.77', port: 4_004 }, 'the first section that has a codec of ours');
  t.same(
    answerTo(sdp).filter((line) => line.startsWith('m=')),
    [
      'm=video 0 RTP/AVP 96 97',
      'm=audio 0 RTP/AVP 0',
      'm=audio 0 RTP/SAVP 0',
      'm=audio 0 RTP/AVP 18',
      'm=audio 16384 RTP/AVP 0',
      'm=audio 0 RTP/AVP 8',
      'm=application 0 UDP/DTLS/SCTP webrtc-datachannel',
    ],
  );
  t.end();
});

test('packet time: what is asked for if we can, never above maxptime', (t) => {
  const ptime = (...lines: string[]) => readOffer(offer(['m=audio 4000 RTP/AVP 0', ...lines])).ptimeMs;
  t.equal(ptime(), 20);
  t.equal(ptime('a=ptime:10'), 10);
  t.equal(ptime('a=ptime:20.0'), 20);
  t.equal(ptime('a=ptime:25'), 20);
  t.equal(ptime('a=ptime:5'), 10);
  t.equal(ptime('a=ptime:500'), 60);
  t.equal(ptime('a=ptime:40', 'a=maxptime:30'), 30);
  t.equal(ptime('a=ptime:soon'), 20);
  t.equal(ptime('a=ptime:-20'), 20);
  t.end();
});

test('rtcp-mux is taken when offered', (t) => {
  const sdp = offer(['m=audio 4000 RTP/AVP 0', 'a=rtcp-mux']);
  t.equal(readOffer(sdp).rtcpMux, true);
  t.ok(answerTo(sdp).includes('a=rtcp-mux'));
  t.notOk(answerTo(offer(['m=audio 4000 RTP/AVP 0'])).includes('a=rtcp-mux'));
  t.end();
});

test('careless SDP is read: bare LF, missing lines, spaces, unknown letters, formats that are no numbers', (t) => {
  t.equal(readOffer('v=0\nc=IN IP4 192.0.2.1 \nm=audio  4000  RTP/AVP 0 x 999 0\nz=?\n\n').codec, 'PCMU');
  t.equal(readOffer('v=0\rc=in ip4 192.0.2.1\rm=AUDIO 4000/2 rtp/avp 8\rA=x').codec, 'PCMA');
  t.end();
});

test('what cannot be served is refused with a code that says why', (t) => {
  const cases: [
    sdp: string,
    code: 'SDP_INVALID' | 'SDP_NO_COMMON_CODEC' | 'SDP_ADDRESS_UNSUPPORTED',
    message: RegExp,
  ][] = [
    ['', 'SDP_INVALID', /no v=0/],
    ['v=1\r\n', 'SDP_INVALID', /version is "1"/],
    [`${offer([])}v=0\r\n`, 'SDP_INVALID', /several v=/],
    ['v=0\r\nm=audio 4000 RTP/AVP 0\r\n', 'SDP_INVALID', /no c= line/],
    [offer(['m=audio 99999 RTP/AVP 0']), 'SDP_INVALID', /m=audio 99999/],
    [offer(['m=audio']), 'SDP_INVALID', /m=audio/],
    [offer(['m=audio 4000 RTP/AVP 0'], 'c=IN'), 'SDP_INVALID', /c=IN/],
    ['x'.repeat(70_000), 'SDP_INVALID', /70000 characters/],
    [offer(['m=audio 4000 RTP/AVP 0'], 'c=IN IP6 2001:db8::1'), 'SDP_ADDRESS_UNSUPPORTED', /2001:db8::1/],
    [offer(['m=audio 4000 RTP/AVP 0'], 'c=IN IP4 phone.example'), 'SDP_ADDRESS_UNSUPPORTED', /phone\.example/],
    [offer(['m=audio 4000 RTP/AVP 0'], 'c=IN IP4 224.2.1.1/127'), 'SDP_ADDRESS_UNSUPPORTED', /224/],
    [offer([]), 'SDP_NO_COMMON_CODEC', /no media/],
    [offer(['m=audio 4000 RTP/SAVP 0']), 'SDP_NO_COMMON_CODEC', /RTP\/SAVP/],
    [offer(['m=audio 4000 RTP/AVP 4 18', 'a=rtpmap:4 G723/8000']), 'SDP_NO_COMMON_CODEC', /G723\/8000/],
    [offer(['m=audio 4000 RTP/AVP 4 18']), 'SDP_NO_COMMON_CODEC', /no format/],
  ];
  for (const [sdp, code, message] of cases) t.throws(() => readOffer(sdp), { code, message }, sdp.slice(0, 60));
  t.end();
});

test('20,000 mutilated offers give an answer or a coded error, and an answer has one line for each section', (t) => {
  const random = seededRandom(11);
  const pick = <Item>(items: readonly Item[]) => items[Math.floor(random() * items.length)];
  const base = offer([
    'm=audio 4000 RTP/AVP 0 8 101',
    'a=rtpmap:101 telephone-event/8000',
    'a=ptime:20',
    'm=video 1 RTP/AVP 9',
  ]);
  const splinters = [
    '\r\n',
    'm=audio 1 RTP/AVP 0',
    'c=IN IP4 1.2.3.4',
    'a=rtpmap:',
    '\u0000',
    ':',
    '/',
    '999999',
    '-',
    'v=0',
    '=',
    ' ',
    '€',
  ];
  let answered = 0;
  for (let round = 0; round < 20_000; round++) {
    let sdp = base;
    for (let cut = 0; cut < 1 + random() * 4; cut++) {
      const at = Math.floor(random() * sdp.length);
      const gone = random() < 0.5 ? Math.floor(random() * 12) : 0;
      sdp = sdp.slice(0, at) + (pick(splinters) ?? '') + sdp.slice(at + gone);
    }
    try {
      const lines = answerTo(sdp);
      answered++;
      const sections = (text: string) => text.split(/\r\n|\n|\r/).filter((line) => line.startsWith('m=')).length;
      if (lines.filter((line) => line.startsWith('m=')).length !== sections(sdp)) t.fail(JSON.stringify(sdp));
    } catch (error) {
      const coded =
        isError(error, 'SDP_INVALID') ||
        isError(error, 'SDP_NO_COMMON_CODEC') ||
        isError(error, 'SDP_ADDRESS_UNSUPPORTED');
      if (!coded) t.fail(`${String(error)} for ${JSON.stringify(sdp)}`);
    }
  }
  t.ok(answered > 2_000 && answered < 20_000, `${answered} were answered`);
  t.end();
});
