import { parseDigest } from '../auth/digest.ts';
import { cseqOf, headerOf, isDigit, listOf, type SipMessage } from '../message/message.ts';
import { sdpOf } from '../message/sdp-body.ts';
import { parseVia } from '../message/via.ts';
import type { Hop } from '../transport/transport.ts';

/** One message of a call as a technician reads it: no password, no key, no whole telephone number. */
export interface LadderLine {
  readonly atWallMs: number;
  /** Seen from the gateway. */
  readonly direction: 'in' | 'out';
  /** `udp/192.168.1.20:5060`. */
  readonly peer: string;
  /** `INVITE sip:order@192.168.1.10`, `200 OK to INVITE`. */
  readonly what: string;
  /** The headers that matter, and what the SDP says. */
  readonly details: readonly string[];
  /** It was seen before: a retransmission. */
  readonly isAgain: boolean;
  /** Transaction of the message. */
  readonly branch: string;
}

/** A message's worth; longer ones are cut. */
const DETAIL_CHARACTERS = 160;
const DETAILS = 16;

const SHOWN = [
  'contact',
  'require',
  'supported',
  'session-expires',
  'min-se',
  'refer-to',
  'subscription-state',
  'reason',
  'warning',
  'retry-after',
  'unsupported',
  'rseq',
  'rack',
  'call-info',
  'alert-info',
  'user-agent',
  'server',
];

export function ladderLine(
  message: SipMessage,
  direction: 'in' | 'out',
  atWallMs: number,
  { protocol, address, port }: Hop,
): LadderLine {
  const method = cseqOf(message)?.method ?? '';
  const what =
    message.kind === 'request'
      ? `${message.method} ${message.uri}`
      : `${message.status} ${message.reason} to ${method}`;
  const branch = parseVia(listOf(message, 'via')[0] ?? '')?.params.get('branch') ?? '';
  return {
    atWallMs,
    direction,
    peer: `${protocol}/${address}:${port}`,
    what: masked(what),
    details: detailsOf(message).slice(0, DETAILS),
    isAgain: false,
    branch,
  };
}

function detailsOf(message: SipMessage): string[] {
  const isFirst = message.kind === 'request' && message.method === 'INVITE';
  const parties = isFirst ? ['from', 'to'] : [];
  const headers = [...parties, ...SHOWN].flatMap((name) => {
    const value = headerOf(message, name);
    return value === undefined ? [] : [`${name}: ${masked(value)}`];
  });
  return [...headers, ...loginsOf(message), ...soundOf(message)].map((each) => each.slice(0, DETAIL_CHARACTERS));
}

/** Who logs in, and how; never with what. */
function loginsOf(message: SipMessage): string[] {
  const names = ['www-authenticate', 'proxy-authenticate', 'authorization', 'proxy-authorization'];
  return message.headers.flatMap(({ name, value }) => {
    if (!names.includes(name)) return [];
    const params = parseDigest(value);
    const shown = ['username', 'realm', 'algorithm', 'stale'].flatMap((each) => {
      const param = params?.get(each);
      return param === undefined ? [] : [`${each}=${param}`];
    });
    return [`${name}: ${shown.join(' ')}`];
  });
}

/** What the SDP says of the sound; of SRTP only that and how. */
function soundOf(message: SipMessage): string[] {
  if (message.body.length === 0) return [];
  const type = headerOf(message, 'content-type') ?? '';
  const body = Buffer.from(message.body).toString('utf8');
  if (!type.toLowerCase().includes('sdp') && !type.toLowerCase().startsWith('multipart/')) return [`body: ${type}`];
  const lines = (sdpOf(type, body) ?? '').split('\n').map((line) => line.trim());
  const kept = [
    'c=',
    'm=',
    'a=rtpmap:',
    'a=ptime:',
    'a=sendrecv',
    'a=sendonly',
    'a=recvonly',
    'a=inactive',
    'a=rtcp-mux',
  ];
  return lines.flatMap((line) => {
    if (line.startsWith('a=crypto:')) return [`${line.split(' ').slice(0, 2).join(' ')} (key not shown)`];
    return kept.some((each) => line.startsWith(each)) ? [line] : [];
  });
}

const LONG_NUMBER = 7;

/** Telephone numbers keep their last two digits: `+13125550100` is `+*********00`. Addresses and names stay. */
function masked(text: string): string {
  if (!text.includes('sip:') && !text.includes('sips:') && !text.includes('tel:')) return text;
  let out = '';
  let start = 0;
  for (let i = 0; i <= text.length; i++) {
    const c = text[i] ?? '';
    if (c !== '' && isDigit(c)) continue;
    const digits = text.slice(start, i);
    out += digits.length >= LONG_NUMBER ? `${'*'.repeat(digits.length - 2)}${digits.slice(-2)}` : digits;
    out += c;
    start = i + 1;
  }
  return out;
}
