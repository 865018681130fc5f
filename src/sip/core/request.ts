import { tagOf } from '../message/address.ts';
import { cseqOf, type Header, headerOf, type SipRequest } from '../message/message.ts';
import { formatVia } from '../message/via.ts';
import type { Transport } from '../transport/transport.ts';
import { ALLOW, SUPPORTED, startsWithSdp } from './response.ts';

/** A request as the application wrote it: everything that it leaves out is filled in. */
export interface Draft {
  readonly method: string;
  readonly uri: string;
  readonly headers: readonly Header[];
  readonly body: Uint8Array;
}

const managed = new Set(['via', 'max-forwards', 'from', 'to', 'call-id', 'cseq', 'content-length']);
const needsContact = new Set(['INVITE', 'REFER', 'SUBSCRIBE', 'NOTIFY', 'UPDATE']);

/** A request outside of a dialog (RFC 3261 8.1.1); a Call-ID, CSeq and From tag of the application's stand (digest needs them). */
export function buildRequest(draft: Draft, newId: () => string, hostPort: string): SipRequest {
  const message: SipRequest = { kind: 'request', ...draft };
  const from = headerOf(message, 'from') ?? `<sip:${hostPort}>`;
  const number = cseqOf(message)?.number ?? 1;
  const head: Header[] = [
    { name: 'max-forwards', value: '70' },
    { name: 'from', value: tagOf(from) === undefined ? `${from};tag=${newId()}` : from },
    { name: 'to', value: headerOf(message, 'to') ?? `<${draft.uri}>` },
    { name: 'call-id', value: headerOf(message, 'call-id') ?? newId() },
    { name: 'cseq', value: `${number} ${draft.method}` },
  ];
  return { ...message, headers: [...head, ...rest(draft)] };
}

/** The same inside a dialog: `parts` are the dialog's Request-URI and headers. */
export function buildDialogRequest(
  draft: Draft,
  parts: { readonly uri: string; readonly headers: readonly Header[] },
): SipRequest {
  const headers = [...parts.headers, ...rest(draft).filter((header) => header.name !== 'route')];
  return { kind: 'request', method: draft.method, uri: parts.uri, headers, body: draft.body };
}

/** The request with our Contact, where its method needs one and the application gave none. */
export function withContact(request: SipRequest, contact: string): SipRequest {
  if (!needsContact.has(request.method) || headerOf(request, 'contact') !== undefined) return request;
  return { ...request, headers: [...request.headers, { name: 'contact', value: contact }] };
}

/** The request with our Via on top (18.1.1, RFC 3581 `rport`). */
export function withVia(request: SipRequest, transport: Transport, branch: string): SipRequest {
  const value = formatVia({
    transport: transport.protocol.toUpperCase(),
    host: transport.local.address,
    port: transport.local.port,
    params: new Map([
      ['rport', ''],
      ['branch', branch],
    ]),
  });
  return { ...request, headers: [{ name: 'via', value }, ...request.headers] };
}

function rest(draft: Draft): Header[] {
  const own = draft.headers.filter((header) => !managed.has(header.name));
  const has = (name: string) => own.some((header) => header.name === name);
  return [
    ...(draft.method === 'INVITE' && !has('allow') ? [{ name: 'allow', value: ALLOW }] : []),
    ...(draft.method === 'INVITE' && !has('supported') ? [{ name: 'supported', value: SUPPORTED.join(', ') }] : []),
    ...(startsWithSdp(draft.body) && !has('content-type') ? [{ name: 'content-type', value: 'application/sdp' }] : []),
    ...own,
  ];
}
