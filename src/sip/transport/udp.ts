import type { Counters } from '../counters.ts';
import { parseMessage, skipLineEnds } from '../message/reader.ts';
import { SipSyntaxError } from '../message/syntax-error.ts';
import type { SourceGate } from './source-gate.ts';
import type { Hop, Transport, TransportEvents } from './transport.ts';
import type { DatagramSocket } from './udp-socket.ts';

export interface UdpTransportOptions {
  readonly socket: DatagramSocket;
  /** Requests that it does not admit are dropped unread; responses are matched to transactions and need no leave. */
  readonly gate: SourceGate;
  /** null: the address that the socket is bound to. */
  readonly externalAddress: string | null;
  readonly counters: Counters;
}

/** Over this a request should go over TCP, because fragments get lost (RFC 3261 18.1.1). */
export const SAFE_DATAGRAM_BYTES = 1_300;

const responseStart = Buffer.from('SIP/');

/** SIP over UDP (RFC 3261 section 18): one message a datagram; what is none is counted and forgotten. */
export function createUdpTransport(options: UdpTransportOptions): Transport {
  const { socket, gate, counters } = options;
  const receive = (bytes: Uint8Array, from: Hop, events: TransportEvents) => {
    const start = skipLineEnds(bytes);
    if (start === bytes.length) return counters.increment('keep_alives');
    const isResponse = responseStart.equals(bytes.subarray(start, start + responseStart.length));
    if (!isResponse && !gate.admits(from.address)) return;
    try {
      const message = parseMessage(bytes);
      if (message.kind === 'response' || gate.welcomes(message)) events.message(message, from);
    } catch (error) {
      if (!(error instanceof SipSyntaxError)) throw error;
      counters.increment('dropped_syntax');
      events.unreadable(error, from);
    }
  };
  return {
    protocol: 'udp',
    isReliable: false,
    local: { address: options.externalAddress ?? socket.address, port: socket.port },
    start: (events) => {
      // A dead peer is dealt with by the transactions' timers.
      socket.onError(() => counters.increment('socket_errors'));
      socket.onMessage((bytes, address, port) => receive(bytes, { protocol: 'udp', address, port }, events));
    },
    send: (bytes, to, failed) => {
      if (bytes.length > SAFE_DATAGRAM_BYTES) counters.increment('datagrams_oversize');
      socket.send(bytes, to.address, to.port, (error) => {
        if (error === null) return;
        counters.increment('send_errors');
        failed(error.message);
      });
    },
    close: () => socket.close(),
  };
}
