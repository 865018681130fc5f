import { test } from 'tap';
import { headerOf, headersOf, listOf, type SipMessage } from '../../../src/sip/message/message.ts';
import { messageLimits, parseMessage } from '../../../src/sip/message/reader.ts';
import { SipSyntaxError } from '../../../src/sip/message/syntax-error.ts';
import { writeMessage } from '../../../src/sip/message/writer.ts';

/** A whole OPTIONS; `change` replaces, adds (a name that is not there) or removes (null) header lines. */
function options(
  change: Readonly<Record<string, string | null>> = {},
  startLine = 'OPTIONS sip:order@192.0.2.7 SIP/2.0',
  body = '',
): Buffer {
  const lines = new Map<string, string | null>([
    ['Via', 'SIP/2.0/UDP 192.0.2.4:5060;branch=z9hG4bK77'],
    ['Max-Forwards', '70'],
    ['From', '"Speaker post" <sip:post@192.0.2.4>;tag=a1'],
    ['To', '<sip:order@192.0.2.7>'],
    ['Call-ID', 'c1@192.0.2.4'],
    ['CSeq', '7 OPTIONS'],
    ['Content-Length', String(Buffer.byteLength(body))],
    ...Object.entries(change),
  ]);
  const text = [...lines].flatMap(([name, value]) => (value === null ? [] : [`${name}: ${value}`]));
  return Buffer.from(`${[startLine, ...text].join('\r\n')}\r\n\r\n${body}`);
}

function codeOf(bytes: Uint8Array): string {
  try {
    parseMessage(bytes);
    return 'accepted';
  } catch (error) {
    return error instanceof SipSyntaxError ? error.code : `thrown: ${error}`;
  }
}

const textOf = (message: SipMessage) => Buffer.from(message.body).toString('utf8');

test('a request is read with long, lower-case header names', async (t) => {
  const message = parseMessage(
    Buffer.from(
      'INVITE sip:order@192.0.2.7;x=1 SIP/2.0\r\nv: SIP/2.0/UDP 192.0.2.4;branch=z9hG4bK1, SIP/2.0/UDP 192.0.2.1\r\n' +
        'f: sip:post@192.0.2.4;tag=1\r\nt: sip:order@192.0.2.7\r\ni: c1\r\nCSEQ: 1 INVITE\r\nm : <sip:post@192.0.2.4>\r\n' +
        'c: application/sdp\r\nX-Lane: 1\r\nl: 5\r\n\r\nv=0\r\nrest that is no part of it',
    ),
  );
  t.equal(message.kind === 'request' && message.uri, 'sip:order@192.0.2.7;x=1');
  t.equal(headerOf(message, 'call-id'), 'c1');
  t.equal(headerOf(message, 'contact'), '<sip:post@192.0.2.4>');
  t.equal(headerOf(message, 'x-lane'), '1');
  t.equal(listOf(message, 'via').length, 2);
  t.equal(textOf(message), 'v=0\r\n', 'Content-Length cuts what follows');
});

test('torture: what is odd but right is accepted (RFC 4475 section 3.1.1)', async (t) => {
  const accepted: Readonly<Record<string, Buffer>> = {
    'folded lines and tabs': options({ Subject: 'first\r\n\tsecond\r\n   third' }),
    'white space around everything': options({
      'Max-Forwards': '   68 ',
      From: '"J Rosenberg \\\\\\""       <sip:j@h.example>  ;  tag = 98asjd8',
    }),
    'escaped characters in the URI': options({}, 'OPTIONS sip:sips%3Auser%40example.com@example.net SIP/2.0'),
    'a null in an escaped user': options({}, 'OPTIONS sip:null-%00-null@example.com SIP/2.0'),
    'a method of every token character': options(
      { CSeq: "7 !interesting-Method0123456789_*+`.%indeed'~" },
      "!interesting-Method0123456789_*+`.%indeed'~ sip:a@b SIP/2.0",
    ),
    'a percent that escapes nothing in a method': options({ CSeq: '7 RE%47IST%45R' }, 'RE%47IST%45R sip:a@b SIP/2.0'),
    'semicolons in the user part': options({}, 'OPTIONS sip:user;par=u%40example.net@example.com SIP/2.0'),
    'an unknown scheme': options({}, 'OPTIONS nobodyKnowsThisScheme:totallyopaquecontent SIP/2.0'),
    'a very long value': options({ Subject: 'x'.repeat(3_000) }),
    'an unknown header': options({ NewFangledHeader: 'newfangled value\r\n continued' }),
    'no reason phrase': Buffer.from(options({}, 'SIP/2.0 100 ')),
    'a UTF-8 reason phrase': options({}, 'SIP/2.0 200 = 2**3 * 5**2 но сто девяносто девять - простое'),
    'line ends in front': Buffer.concat([Buffer.from('\r\n\r\n'), options()]),
    'binary body': Buffer.concat([options({ 'Content-Length': '3' }), Buffer.from([0, 255, 13])]),
  };
  for (const [name, bytes] of Object.entries(accepted)) t.equal(codeOf(bytes), 'accepted', name);
});

test('torture: what is wrong is refused with a code (RFC 4475 section 3.1.2)', async (t) => {
  const refused: Readonly<Record<string, readonly [string, Buffer]>> = {
    'no bytes': ['EMPTY', Buffer.from('\r\n\r\n')],
    'no empty line': ['HEAD_UNFINISHED', options().subarray(0, 100)],
    'bare line feeds': ['LINE_ENDING', Buffer.from(options().toString().replaceAll('\r\n', '\n'))],
    'a bare carriage return': ['LINE_ENDING', options({ Subject: 'a\rb' })],
    'a control character': ['CONTROL_CHARACTER', options({ Subject: 'a\0b' })],
    'a negative Content-Length': ['CONTENT_LENGTH', options({ 'Content-Length': '-999' })],
    'a Content-Length over what came': ['CONTENT_LENGTH', options({ 'Content-Length': '9999' })],
    'scalars over their range': ['CSEQ', options({ CSeq: '36893488147419103232 OPTIONS' })],
    'Max-Forwards over its range': ['HEADER_VALUE', options({ 'Max-Forwards': '300' })],
    'CSeq of another method': ['CSEQ', options({ CSeq: '8 INVITE' })],
    'an unclosed quote': ['HEADER_VALUE', options({ To: '"Mr. J. User <sip:j.user@example.com>' })],
    'a Request-URI in brackets': ['REQUEST_URI', options({}, 'OPTIONS <sip:user@example.com> SIP/2.0')],
    'white space in the Request-URI': ['REQUEST_URI', options({}, 'OPTIONS sip:user@example.com; lr SIP/2.0')],
    'two spaces in the start line': ['REQUEST_URI', options({}, 'OPTIONS  sip:user@example.com SIP/2.0')],
    'white space at its end': ['START_LINE', options({}, 'OPTIONS sip:user@example.com SIP/2.0  ')],
    'an unknown version': ['VERSION', options({}, 'OPTIONS sip:user@example.com SIP/7.0')],
    'a status over its range': ['START_LINE', options({}, 'SIP/2.0 4294967301 better not break the receiver')],
    'no From': ['HEADER_MISSING', options({ From: null })],
    'no Via': ['HEADER_MISSING', options({ Via: null })],
    'two Call-IDs': ['HEADER_REPEATED', options({ i: 'c2@192.0.2.4' })],
    'an empty Via': ['HEADER_VALUE', options({ Via: ';;,;,,' })],
    'a header without a name': ['HEADER_LINE', options({ 'Bad Name': '1' })],
    'a line over the limit': ['LINE_TOO_LONG', options({ Subject: 'x'.repeat(messageLimits.lineBytes) })],
    'folded to over the limit': ['LINE_TOO_LONG', options({ Subject: Array(9).fill('x'.repeat(500)).join('\r\n ') })],
    'a head over the limit': [
      'HEAD_TOO_LONG',
      options(Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`X-${i}`, 'x'.repeat(2_000)]))),
    ],
    'too many headers': [
      'TOO_MANY_HEADERS',
      options(Object.fromEntries(Array.from({ length: 128 }, (_, i) => [`X-${i}`, '1']))),
    ],
    'a body over the limit': ['BODY_TOO_LONG', options({}, undefined, 'x'.repeat(messageLimits.bodyBytes + 1))],
    HTTP: ['START_LINE', options({}, 'GET / HTTP/1.1')],
  };
  for (const [name, [code, bytes]] of Object.entries(refused)) t.equal(codeOf(bytes), code, name);
});

test('a refused request can be answered when it holds what an answer needs', async (t) => {
  const answerable = (bytes: Uint8Array) => {
    try {
      parseMessage(bytes);
    } catch (error) {
      if (error instanceof SipSyntaxError) return error.answerable === null ? null : error.status.status;
    }
    return undefined;
  };
  t.equal(answerable(options({ 'Content-Length': '-999' })), 400);
  t.equal(answerable(options({}, 'OPTIONS sip:a@b SIP/7.0')), 505);
  t.equal(answerable(options({ From: null })), null);
  t.equal(answerable(options({ Via: 'nonsense' })), null);
  t.equal(answerable(options({ CSeq: '1 ACK', To: '"' }, 'ACK sip:a@b SIP/2.0')), null, 'an ACK is never answered');
});

test('runs of white space become one space, so that no later parser meets them', async (t) => {
  const message = parseMessage(options({ From: `"a${' '.repeat(1_500)}b" ${' '.repeat(1_500)}<sip:a@b>;tag=1` }));
  t.equal(headerOf(message, 'from'), '"a b" <sip:a@b>;tag=1');
});

test('what was read is written again, with its length counted', async (t) => {
  const message = parseMessage(options({ Subject: 'Zażółć' }, undefined, 'Zażółć 🍔'));
  const again = parseMessage(writeMessage(message));
  t.same(headersOf(again, 'subject'), ['Zażółć']);
  t.equal(textOf(again), 'Zażółć 🍔');
  const injected = writeMessage({ ...message, headers: [...message.headers, { name: 'x-a', value: '1\r\nX-B: 2' }] });
  t.notMatch(injected.toString(), 'X-B');
});

test('20,000 mutated messages give a message or a coded error, and what is accepted is written and read again', async (t) => {
  let state = 2026;
  const random = (below: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const seeds = [options(), options({ Subject: 'a\r\n b' }, undefined, 'v=0\r\n'), options({}, 'SIP/2.0 200 OK')];
  const outcomes = new Map<string, number>();
  for (let i = 0; i < 20_000; i++) {
    const bytes = Buffer.from(seeds[random(seeds.length)] ?? options());
    for (let change = random(6); change >= 0; change--) {
      const at = random(bytes.length);
      const kind = random(3);
      if (kind === 0) bytes[at] = random(256);
      else if (kind === 1) bytes.copyWithin(at, random(bytes.length), at + random(60));
      else bytes.fill(' \t,;<>"\\:@=[]\r\n0'.charCodeAt(random(17)), at, Math.min(bytes.length, at + random(40)));
    }
    const outcome = codeOf(bytes);
    if (outcome.startsWith('thrown')) t.fail(`${outcome}: ${bytes.toString('latin1')}`);
    if (outcome === 'accepted') {
      const second = codeOf(writeMessage(parseMessage(bytes)));
      if (second !== 'accepted' && second !== 'HEAD_TOO_LONG') t.fail(`${second} after ${bytes.toString('latin1')}`);
    }
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
  t.ok((outcomes.get('accepted') ?? 0) > 500, 'the mutations leave some messages whole');
  t.ok(outcomes.size > 8, 'and reach many of the refusals');
});
