import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Messages to start from. `@CALL@`, `@TAG@` and `@BRANCH@` are filled in, so that some of them meet calls that are there. */
const common = (method: string, sequence: number, to: string) => [
  `${method} sip:order@192.0.2.2 SIP/2.0`,
  'Via: SIP/2.0/UDP 192.0.2.9:5060;rport;branch=z9hG4bK@BRANCH@',
  'Max-Forwards: 70',
  'From: "The Post" <sip:post@192.0.2.9>;tag=f@CALL@',
  `To: <sip:order@192.0.2.2>${to}`,
  'Call-ID: c@CALL@',
  `CSeq: ${sequence} ${method}`,
  'Contact: <sip:post@192.0.2.9:5060;transport=udp>',
];

const sdp = [
  'v=0',
  'o=- 1 1 IN IP4 192.0.2.9',
  's=-',
  'c=IN IP4 192.0.2.9',
  't=0 0',
  'm=audio 4000 RTP/SAVP 0 8 9 96 101',
  'a=rtpmap:96 opus/48000/2',
  'a=fmtp:96 useinbandfec=1;stereo=0',
  'a=rtpmap:101 telephone-event/8000',
  'a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj|2^20|1:32',
  'a=ptime:20',
  'a=sendrecv',
  '',
].join('\r\n');

function text(lines: readonly string[], body = '', type = 'application/sdp'): string {
  const head = body === '' ? lines : [...lines, `Content-Type: ${type}`, `Content-Length: ${body.length}`];
  return `${head.join('\r\n')}\r\n\r\n${body}`;
}

const inside = ';tag=@TAG@';
const multipart = `--b\r\nContent-Type: text/plain\r\n\r\nx\r\n--b\r\nContent-Type: application/sdp\r\n\r\n${sdp}\r\n--b--`;

const requests = [
  text(
    [...common('INVITE', 1, ''), 'Supported: timer, 100rel', 'Session-Expires: 90;refresher=uas', 'Min-SE: 90'],
    sdp,
  ),
  text(
    [...common('INVITE', 1, ''), 'Record-Route: <sip:192.0.2.7;lr>, <sip:192.0.2.8>', 'Require: 100rel', 'Expires: 5'],
    sdp,
  ),
  text([...common('INVITE', 2, inside), 'Allow: INVITE, UPDATE'], sdp.replace('sendrecv', 'sendonly')),
  text(common('INVITE', 1, ''), multipart, 'multipart/mixed;boundary="b"'),
  text(common('ACK', 1, inside)),
  text(common('ACK', 2, inside), sdp),
  text(common('BYE', 3, inside)),
  text(common('CANCEL', 1, '')),
  text([...common('UPDATE', 4, inside), 'Session-Expires: 1800'], sdp),
  text([...common('PRACK', 5, inside), 'RAck: 1 1 INVITE']),
  text(common('INFO', 6, inside), 'Signal=5\r\nDuration=160\r\n', 'application/dtmf-relay'),
  text([...common('REFER', 7, inside), 'Refer-To: <sip:crew@192.0.2.7?Replaces=a%40b>']),
  text(
    [...common('NOTIFY', 8, inside), 'Event: refer;id=7', 'Subscription-State: active;expires=60'],
    'SIP/2.0 200 OK\r\n',
    'message/sipfrag',
  ),
  text(common('MESSAGE', 1, ''), 'car arrived', 'text/plain'),
  text([...common('OPTIONS', 1, ''), 'Accept: application/sdp;level=1, */*']),
  text([
    ...common('REGISTER', 1, ''),
    'Authorization: Digest username="post", realm="speakerpost", nonce="a.b.c", uri="sip:192.0.2.2", response="00", algorithm=SHA-256, qop=auth, nc=00000001, cnonce="x"',
  ]),
];

const responses = [100, 180, 183, 200, 202, 302, 401, 407, 422, 486, 491, 500, 503].map((status) =>
  text(
    [
      `SIP/2.0 ${status} Something`,
      'Via: @VIA@',
      'From: @FROM@',
      'To: <sip:post@192.0.2.9>;tag=t@CALL@',
      'Call-ID: @CALLID@',
      'CSeq: @CSEQ@',
      'Contact: <sip:post@192.0.2.9>',
      'Record-Route: <sip:192.0.2.7;lr>',
      'Require: 100rel',
      'RSeq: 1',
      'Session-Expires: 90;refresher=uac',
      'Min-SE: 120',
      'WWW-Authenticate: Digest realm="a", nonce="b", qop="auth", algorithm=MD5',
    ],
    sdp,
  ),
);

const torture = (
  JSON.parse(readFileSync(join(import.meta.dirname, '../../sip/rfc4475.json'), 'utf8')) as readonly {
    message: string[];
  }[]
).map(({ message }) => message.join('\r\n'));

export const sipRequests: readonly string[] = [...requests, ...torture];
export const sipResponses: readonly string[] = responses;

export const sipWords: readonly Uint8Array[] = [
  '\r\n',
  '\r\n ',
  '\r\n\r\n',
  '\n',
  '\0',
  ';tag=',
  ';tag=1',
  ';rport',
  ';maddr=192.0.2.77',
  ';received=',
  ';lr',
  ':0',
  ':99999',
  '[::1]',
  '[',
  '@',
  ',',
  '<',
  '>',
  '"',
  '\\"',
  '\\',
  '%00',
  '%',
  'tel:',
  'sips:',
  'SIP/2.0',
  'sip:',
  '*',
  ' ',
  '\t',
  '     ',
  'Require: 100rel\r\n',
  'Via: SIP/2.0/UDP a\r\n',
  'Content-Length: 5\r\n',
  'l: -1\r\n',
  'Content-Type: multipart/mixed;boundary=x\r\n',
  'Session-Expires: 1\r\n',
  'Route: <sip:192.0.2.1;lr>\r\n',
  'm=audio 1 RTP/AVP 0\r\n',
  'a=crypto:1 ',
  'c=IN IP6 ::1\r\n',
  '☎',
  '\u00e9',
  '🍔',
].map((word) => Buffer.from(word));
