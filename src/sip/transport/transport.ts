import type { SipMessage } from '../message/message.ts';
import type { SipSyntaxError } from '../message/syntax-error.ts';

export type Protocol = 'udp' | 'tcp' | 'tls';

/** One end of a SIP exchange. A stream transport puts its connection here, so that responses go back on it (18.2.2). */
export interface Hop {
  readonly protocol: Protocol;
  readonly address: string;
  readonly port: number;
  readonly connection?: { readonly isOpen: boolean };
  /** The peer's name in the URI that led here, for its certificate; absent: the address. */
  readonly host?: string;
}

export interface TransportEvents {
  message(message: SipMessage, from: Hop): void;
  /** A message that does not parse; `error.answerable` says whether a 400 can be sent. */
  unreadable(error: SipSyntaxError, from: Hop): void;
}

/** What the transaction layer needs of UDP, TCP or TLS (RFC 3261 section 18). */
export interface Transport {
  readonly protocol: Protocol;
  /** Reliable transports need no retransmission. */
  readonly isReliable: boolean;
  /** Address and port as peers reach it: for Via, Contact and the application. */
  readonly local: { readonly address: string; readonly port: number };
  start(events: TransportEvents): void;
  /** `failed` is called when the message could not be handed to the network (17.1.4). */
  send(bytes: Uint8Array, to: Hop, failed: (reason: string) => void): void;
  close(): Promise<void>;
}
