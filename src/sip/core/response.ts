import { tagOf } from '../message/address.ts';
import { type Header, headerOf, headersOf, noBody, type SipRequest, type SipResponse } from '../message/message.ts';
import type { Answer } from './incoming-request.ts';

/** Extensions that a peer may ask for by Require (RFC 4028, RFC 3262). */
export const SUPPORTED = ['timer', '100rel'] as const;
export const ALLOW = 'INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, UPDATE, PRACK';

const offersExtensions = new Set(['INVITE', 'UPDATE', 'OPTIONS']);

/** Headers of a response that the core writes itself, whatever the application says. */
const managed = new Set([
  'via',
  'from',
  'to',
  'call-id',
  'cseq',
  'record-route',
  'route',
  'content-length',
  'max-forwards',
]);

/** A response to `request` (RFC 3261 8.2.6, 12.1.1); a To tag is added unless it is 100. */
export function buildResponse(request: SipRequest, answer: Answer, toTag: string, contact: string): SipResponse {
  const { status, reason } = answer;
  const own = (answer.headers ?? []).filter((header) => !managed.has(header.name));
  const body = answer.body ?? noBody;
  const to = headerOf(request, 'to') ?? '';
  const hasName = (name: string) => own.some((header) => header.name === name);
  const isDialogForming = request.method === 'INVITE' && status > 100 && status < 300;
  const needsContact = isDialogForming || (request.method === 'UPDATE' && status < 300);
  const headers: Header[] = [
    ...headersOf(request, 'via').map((value) => ({ name: 'via', value })),
    ...(isDialogForming ? headersOf(request, 'record-route').map((value) => ({ name: 'record-route', value })) : []),
    { name: 'from', value: headerOf(request, 'from') ?? '' },
    { name: 'to', value: status === 100 || to === '' || tagOf(to) !== undefined ? to : `${to};tag=${toTag}` },
    { name: 'call-id', value: headerOf(request, 'call-id') ?? '' },
    { name: 'cseq', value: headerOf(request, 'cseq') ?? '' },
    ...(status === 100 ? headersOf(request, 'timestamp').map((value) => ({ name: 'timestamp', value })) : []),
    ...(needsContact && !hasName('contact') ? [{ name: 'contact', value: contact }] : []),
    ...(status >= 200 && status < 300 && request.method !== 'BYE' && !hasName('allow')
      ? [{ name: 'allow', value: ALLOW }]
      : []),
    ...(body.length > 0 && !hasName('content-type') && startsWithSdp(body)
      ? [{ name: 'content-type', value: 'application/sdp' }]
      : []),
    ...(status >= 200 && status < 300 && !hasName('supported') && offersExtensions.has(request.method)
      ? [{ name: 'supported', value: SUPPORTED.join(', ') }]
      : []),
    ...own,
  ];
  // A 400 to a request that lacks From, To, Call-ID or CSeq lacks it too.
  return { kind: 'response', status, reason, headers: headers.filter(({ value }) => value !== ''), body };
}

export function startsWithSdp(body: Uint8Array): boolean {
  return body[0] === 0x76 && body[1] === 0x3d && body[2] === 0x30;
}
