import { isIP } from 'node:net';
import { parseAddress } from '../message/address.ts';
import { type Header, headersOf, listOf, type SipRequest, splitList } from '../message/message.ts';
import { parseUri } from '../message/uri.ts';
import { formatVia, parseVia } from '../message/via.ts';
import type { Hop, Protocol } from './transport.ts';

const DEFAULT_SIP_PORT = 5060;

/** Writes `received` and `rport` into the top Via (RFC 3261 18.2.1, RFC 3581 section 4), as the server that received it must. */
export function stampVia(request: SipRequest, from: Hop): SipRequest {
  const [first = '', ...others] = splitList(headersOf(request, 'via')[0] ?? '');
  const via = parseVia(first);
  if (via === null) return request;
  const params = new Map(via.params);
  if (params.has('rport')) params.set('rport', String(from.port));
  if (params.has('rport') || via.host !== from.address) params.set('received', from.address);
  const value = [formatVia({ ...via, params }), ...others].join(', ');
  let isDone = false;
  const headers = request.headers.map((header): Header => {
    if (isDone || header.name !== 'via') return header;
    isDone = true;
    return { name: 'via', value };
  });
  return { ...request, headers };
}

/** Where responses to a stamped request go over UDP (18.2.2, RFC 3581 section 4); a stream's go back on its connection. */
export function responseHop(request: SipRequest, from: Hop): Hop {
  const via = parseVia(headersOf(request, 'via')[0] ?? '');
  if (via === null || from.connection !== undefined) return from;
  const maddr = via.params.get('maddr');
  const port = via.port ?? DEFAULT_SIP_PORT;
  if (maddr !== undefined && isIP(maddr) !== 0) return { protocol: from.protocol, address: maddr, port };
  const rport = Number(via.params.get('rport') ?? '');
  return { protocol: from.protocol, address: from.address, port: rport > 0 ? rport : port };
}

/** Host and port that a request must be sent to (8.1.2): the top Route if there is one, else the Request-URI. */
export function nextHopOf(
  request: SipRequest,
): { readonly host: string; readonly port: number; readonly protocol: Protocol } | null {
  const route = listOf(request, 'route')[0];
  const uri = parseUri(route === undefined ? request.uri : (parseAddress(route)?.uri ?? ''));
  return uri === null ? null : hopOfUri(uri);
}

export function hopOfUri(uri: NonNullable<ReturnType<typeof parseUri>>): {
  readonly host: string;
  readonly port: number;
  readonly protocol: Protocol;
} {
  const transport = uri.params.get('transport')?.toLowerCase();
  const protocol = uri.scheme === 'sips' || transport === 'tls' ? 'tls' : transport === 'tcp' ? 'tcp' : 'udp';
  const defaultPort = protocol === 'tls' ? DEFAULT_SIP_PORT + 1 : DEFAULT_SIP_PORT;
  return { host: uri.params.get('maddr') ?? uri.host, port: uri.port ?? defaultPort, protocol };
}
