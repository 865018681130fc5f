import { connect, isIP, type Socket } from 'node:net';
import { checkServerIdentity, connect as connectTls } from 'node:tls';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { Counters } from '../counters.ts';
import { parseMessage } from '../message/reader.ts';
import { SipSyntaxError } from '../message/syntax-error.ts';
import type { SourceGate } from './source-gate.ts';
import { StreamConnection } from './stream-connection.ts';
import type { StreamListener } from './stream-listener.ts';
import type { TlsMaterial } from './tls-files.ts';
import type { Hop, Transport, TransportEvents } from './transport.ts';

const CONNECTIONS = 1_024;
const CONNECTIONS_OF_ONE_SOURCE = 64;
/** A peer on the same network answers in milliseconds; a firewall that swallows the SYN must not cost a caller more. */
const DIAL_WITHIN_MS = 4_000;

/** Opens a connection to a peer; `host` is its name in the URI, for its certificate. */
export type Dial = (address: string, port: number, host: string) => Socket;

export const dialTcp: Dial = (address, port) => connect({ host: address, port });

/** The peer's certificate must be good for the URI's host, unless `isVerified` is false. */
export function dialTls(material: () => TlsMaterial, isVerified: boolean): Dial {
  return (address, port, host) => {
    const { key, cert, ca } = material();
    return connectTls({
      host: address,
      port,
      key,
      cert,
      ...(ca === null ? {} : { ca }),
      ...(isIP(host) === 0 ? { servername: host } : {}),
      minVersion: 'TLSv1.2',
      rejectUnauthorized: isVerified,
      checkServerIdentity: (_name, peer) => (isVerified ? checkServerIdentity(host, peer) : undefined),
    });
  };
}

export interface StreamTransportOptions {
  readonly protocol: 'tcp' | 'tls';
  readonly listener: StreamListener;
  readonly dial: Dial;
  readonly gate: SourceGate;
  readonly externalAddress: string | null;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly log: Log;
}

/** SIP over TCP or TLS (RFC 3261 section 18): one connection a peer, whoever opened it, and answers where the question came. */
export function createStreamTransport(options: StreamTransportOptions): Transport {
  return new StreamTransport(options);
}

class StreamTransport implements Transport {
  readonly isReliable = true;
  readonly protocol: 'tcp' | 'tls';
  readonly local: { readonly address: string; readonly port: number };
  readonly #options: StreamTransportOptions;
  readonly #connections = new Set<StreamConnection>();
  readonly #byPlace = new Map<string, StreamConnection>();
  #events: TransportEvents | null = null;

  constructor(options: StreamTransportOptions) {
    const { protocol, listener, externalAddress, counters } = options;
    this.#options = options;
    this.protocol = protocol;
    this.local = { address: externalAddress ?? listener.address, port: listener.port };
    counters.gauge(`connections_${protocol}`, () => this.#connections.size);
  }

  start(events: TransportEvents): void {
    this.#events = events;
    this.#options.listener.onConnection(
      (socket) => this.#accepts(socket),
      (socket) => {
        const { remoteAddress = '', remotePort = 0 } = socket;
        this.#keep(socket, remoteAddress, remotePort, remoteAddress, false);
      },
    );
  }

  /** On the hop's connection while it is open, else on one to its address and port, which is opened if there is none. */
  send(bytes: Uint8Array, to: Hop, failed: (reason: string) => void): void {
    const fail = (reason: string) => {
      this.#options.counters.increment('send_errors');
      failed(reason);
    };
    const own = to.connection instanceof StreamConnection && to.connection.isOpen ? to.connection : undefined;
    (own ?? this.#connectionTo(to)).send(bytes, fail);
  }

  async close(): Promise<void> {
    const closed = this.#options.listener.close();
    for (const connection of this.#connections) connection.close();
    const timer = this.#options.clock.after(500, () => {
      for (const connection of this.#connections) connection.destroy();
    });
    await closed;
    timer.cancel();
  }

  #connectionTo({ address, port, host = address }: Hop): StreamConnection {
    const known = this.#byPlace.get(placeKey(address, port, host));
    if (known?.isOpen === true) return known;
    this.#options.counters.increment(`connections_out_${this.protocol}`);
    return this.#keep(this.#options.dial(address, port, host), address, port, host, true);
  }

  #accepts(socket: Socket): boolean {
    const { gate, counters } = this.#options;
    const { remoteAddress } = socket;
    // Until SIP takes it over, a socket that is reset has nobody else to say so.
    socket.on('error', () => socket.destroy());
    if (remoteAddress === undefined || !gate.admits(remoteAddress)) return false;
    let ofSource = 0;
    for (const { hop } of this.#connections) if (hop.address === remoteAddress) ofSource++;
    if (this.#connections.size < CONNECTIONS && ofSource < CONNECTIONS_OF_ONE_SOURCE) return true;
    counters.increment('connections_refused');
    return false;
  }

  #keep(socket: Socket, address: string, port: number, host: string, isOutgoing: boolean): StreamConnection {
    const { protocol, clock, counters, log } = this.#options;
    const key = placeKey(address, port, host);
    const connection = new StreamConnection({
      socket,
      protocol,
      address,
      port,
      isOutgoing,
      dialWithinMs: DIAL_WITHIN_MS,
      clock,
      onMessage: (bytes, from) => this.#receive(bytes, from),
      onPing: () => counters.increment('keep_alives'),
      onBroken: (error, from) => {
        counters.increment('dropped_syntax');
        this.#events?.unreadable(error, from);
      },
      onClosed: (why) => {
        this.#connections.delete(connection);
        if (this.#byPlace.get(key) === connection) this.#byPlace.delete(key);
        if (why === 'other') return;
        counters.increment(`connections_${why}`);
        log.debug({ source: address, why }, 'SIP connection closed');
      },
    });
    this.#connections.add(connection);
    this.#byPlace.set(key, connection);
    return connection;
  }

  #receive(bytes: Uint8Array, from: Hop): void {
    try {
      const message = parseMessage(bytes);
      // Incoming connections passed the gate; on one that we opened, the peer may answer but not ask.
      const isOurs = from.connection instanceof StreamConnection && from.connection.isOutgoing;
      if (message.kind === 'request' && isOurs && !this.#options.gate.admits(from.address)) return;
      if (message.kind === 'response' || this.#options.gate.welcomes(message)) this.#events?.message(message, from);
    } catch (error) {
      if (!(error instanceof SipSyntaxError)) throw error;
      this.#options.counters.increment('dropped_syntax');
      this.#events?.unreadable(error, from);
    }
  }
}

function placeKey(address: string, port: number, host: string): string {
  return `${address}|${port}|${host.toLowerCase()}`;
}
