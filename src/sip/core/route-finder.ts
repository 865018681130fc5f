import { isIP } from 'node:net';
import type { SipRequest } from '../message/message.ts';
import { parseUri } from '../message/uri.ts';
import { hopOfUri, nextHopOf } from '../transport/routing.ts';
import type { Hop, Protocol, Transport } from '../transport/transport.ts';

/** How a request leaves: by which transport, to whom. */
export interface FoundRoute {
  readonly transport: Transport;
  readonly hop: Hop;
}

export interface RouteHints {
  /** A SIP URI to go by, whatever the request says. */
  readonly proxy: string | null;
  /** The dialog's connection: it is used while it is open, as intercoms often accept none. */
  readonly flow: Hop | null;
}

/** Finds the next hop of a request (RFC 3261 8.1.2): its transport, and the address of its host. */
export class RouteFinder {
  readonly #transportFor: (protocol: Protocol, address: string) => Transport | undefined;
  readonly #lookup: (host: string, found: (address: string | null) => void) => void;

  /** `lookup` resolves host names; it is not asked for addresses. */
  constructor(
    transportFor: (protocol: Protocol, address: string) => Transport | undefined,
    lookup: (host: string, found: (address: string | null) => void) => void,
  ) {
    this.#transportFor = transportFor;
    this.#lookup = lookup;
  }

  /** Calls `done` at once unless a name has to be looked up; with a text it says why there is no route. */
  find(request: SipRequest, { proxy, flow }: RouteHints, done: (route: FoundRoute | string) => void): void {
    const uri = proxy === null ? null : parseUri(proxy);
    const place = proxy === null ? nextHopOf(request) : uri === null ? null : hopOfUri(uri);
    if (place === null) {
      done('invalid request-uri');
      return;
    }
    const leave = (hop: Hop) => {
      const transport = this.#transportFor(hop.protocol, hop.address);
      done(transport === undefined ? `transport ${hop.protocol} is not available` : { transport, hop });
    };
    if (proxy === null && flow?.connection?.isOpen === true) {
      leave(flow);
      return;
    }
    const { host, port, protocol } = place;
    const found = (address: string | null) => {
      if (address === null) done(`cannot resolve ${host}`);
      else leave({ protocol, address, port, host });
    };
    if (isIP(host) !== 0) found(host);
    else this.#lookup(host, found);
  }
}
