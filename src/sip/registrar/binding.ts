import { isIP } from 'node:net';
import { parseAddress } from '../message/address.ts';
import { formatHost, parseUri } from '../message/uri.ts';
import type { Hop, Protocol } from '../transport/transport.ts';

/** One device under a name: where it said that it is, and where it really was (RFC 3261 section 10.3). */
export interface Binding {
  /** The user that registered, e.g. `crew-1`. */
  readonly name: string;
  /** Its Contact. */
  readonly uri: string;
  readonly protocol: Protocol;
  /** Source of the REGISTER. */
  readonly address: string;
  readonly port: number;
  readonly expiresWallMs: number;
  /** Of its last REGISTER: an older one that comes late must not undo a newer (10.3 step 7). */
  readonly callId: string;
  readonly sequence: number;
}

/** How a registered device is called. */
export interface RegisteredContact {
  readonly name: string;
  /** Request-URI of a call to it. */
  readonly uri: string;
  /** SIP URI of the next hop. */
  readonly route: string;
  readonly expiresWallMs: number;
}

/**
 * A device is called where its REGISTER came from, never where its Contact points: a Contact with the address of a PBX would make the
 * gateway dial out. Over UDP the Contact's port counts when its address is the source's; over TCP and TLS the source's port is that of a
 * connection, which is used again.
 */
export function contactOf({ name, uri, protocol, address, port, expiresWallMs }: Binding): RegisteredContact {
  const own = parseUri(uri);
  const isThere = own !== null && own.host === address && protocol === 'udp';
  const at = isThere ? (own.port ?? 5060) : port;
  const transport = protocol === 'udp' ? '' : `;transport=${protocol}`;
  return { name, uri, route: `sip:${formatHost(address)}:${at}${transport}`, expiresWallMs };
}

/** The binding that an element of a Contact header asks for; null when it is no SIP address. */
export function readContact(
  value: string,
  name: string,
  from: Hop,
): (Omit<Binding, 'expiresWallMs' | 'callId' | 'sequence'> & { readonly expires: string | null }) | null {
  const contact = parseAddress(value);
  const uri = contact === null ? null : parseUri(contact.uri);
  if (contact === null || uri === null || isIP(from.address) === 0) return null;
  const { protocol, address, port } = from;
  return { name, uri: contact.uri, protocol, address, port, expires: contact.params.get('expires') ?? null };
}
