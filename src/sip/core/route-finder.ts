import { isIP } from 'node:net';
import type { SipRequest } from '../message/message.ts';
import { parseUri } from '../message/uri.ts';
import { hopOfUri, nextHopOf } from '../transport/routing.ts';
import type { Hop, Transport } from '../transport/transport.ts';

/** How a request leaves: by which transport, to whom. */
export interface FoundRoute {
  readonly transport: Transport;
  readonly hop: Hop;
}

/** Finds the next hop of a request (RFC 3261 8.1.2): its transport, and the address of its host. */
export class RouteFinder {
  readonly #transports: readonly Transport[];
  readonly #lookup: (host: string, found: (address: string | null) => void) => void;

  /** `lookup` resolves host names; it is not asked for addresses. */
  constructor(
    transports: readonly Transport[],
    lookup: (host: string, found: (address: string | null) => void) => void,
  ) {
    this.#transports = transports;
    this.#lookup = lookup;
  }

  /** Calls `done` at once unless a name has to be looked up; with a text it says why there is no route. `proxy`: a SIP URI to go by. */
  find(request: SipRequest, proxy: string | null, done: (route: FoundRoute | string) => void): void {
    const uri = proxy === null ? null : parseUri(proxy);
    const place = proxy === null ? nextHopOf(request) : uri === null ? null : hopOfUri(uri);
    if (place === null) {
      done('invalid request-uri');
      return;
    }
    const { host, port, protocol } = place;
    const transport = this.#transports.find((each) => each.protocol === protocol);
    if (transport === undefined) {
      done(`transport ${protocol} is not available`);
      return;
    }
    const found = (address: string | null) =>
      done(address === null ? `cannot resolve ${host}` : { transport, hop: { protocol, address, port } });
    if (isIP(host) !== 0) found(host);
    else this.#lookup(host, found);
  }
}
