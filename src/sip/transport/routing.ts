import { isIP } from 'node:net';
import { parseAddress } from '../message/address.ts';
import { type Header, headersOf, listOf, type SipRequest, splitList } from '../message/message.ts';
import { parseUri, type SipUri } from '../message/uri.ts';
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

/**
 * Where responses to a stamped request go (18.2.2, RFC 3581 section 4): over UDP to `maddr`, or to the source; of a stream back on
 * its connection or, when that is closed, on a new one to the source's address and the port in the Via.
 */
export function responseHop(request: SipRequest, from: Hop): Hop {
  const via = parseVia(headersOf(request, 'via')[0] ?? '');
  if (via === null) return from;
  if (from.connection !== undefined) return { ...from, port: via.port ?? defaultPort(from.protocol) };
  const maddr = via.params.get('maddr');
  const port = via.port ?? DEFAULT_SIP_PORT;
  if (maddr !== undefined && isIP(maddr) !== 0) return { protocol: from.protocol, address: maddr, port };
  const rport = Number(via.params.get('rport') ?? '');
  return { protocol: from.protocol, address: from.address, port: rport > 0 ? rport : port };
}

/** A hop whose address is not looked up yet. */
export interface NextHop {
  readonly host: string;
  readonly port: number;
  readonly protocol: Protocol;
}

/** Host and port that a request must be sent to (8.1.2): the top Route if there is one, else the Request-URI. */
export function nextHopOf(request: SipRequest): NextHop | null {
  const route = listOf(request, 'route')[0];
  const uri = parseUri(route === undefined ? request.uri : (parseAddress(route)?.uri ?? ''));
  return uri === null ? null : hopOfUri(uri);
}

export function hopOfUri(uri: SipUri): NextHop {
  const transport = uri.params.get('transport')?.toLowerCase();
  const protocol = uri.scheme === 'sips' || transport === 'tls' ? 'tls' : transport === 'tcp' ? 'tcp' : 'udp';
  return { host: uri.params.get('maddr') ?? uri.host, port: uri.port ?? defaultPort(protocol), protocol };
}

function defaultPort(protocol: Protocol): number {
  return protocol === 'tls' ? DEFAULT_SIP_PORT + 1 : DEFAULT_SIP_PORT;
}
