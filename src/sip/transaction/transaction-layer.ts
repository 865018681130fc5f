import type { Clock } from '../../runtime/clock.ts';
import { type Counters, methodLabel } from '../counters.ts';
import { tagOf } from '../message/address.ts';
import {
  callIdOf,
  cseqOf,
  headerOf,
  headersOf,
  listOf,
  type SipMessage,
  type SipRequest,
  type SipResponse,
} from '../message/message.ts';
import { parseVia } from '../message/via.ts';
import { writeMessage } from '../message/writer.ts';
import { stampVia } from '../transport/routing.ts';
import type { Hop, Protocol, Transport } from '../transport/transport.ts';
import { ClientTransaction, cancelOf } from './client-transaction.ts';
import { ServerTransaction } from './server-transaction.ts';
import { TRANSACTION_TIMEOUT_MS } from './timers.ts';

export interface TransactionUser {
  request(transaction: ServerTransaction): void;
  /** An ACK of a 2xx: it belongs to no transaction. */
  ack(ack: SipRequest, from: Hop): void;
}

export interface ClientUser {
  response(response: SipResponse): void;
  /** No final response will come. */
  failed(why: 'timeout' | 'transport'): void;
  /** The transaction is gone; nothing else comes. */
  ended(): void;
}

const COOKIE = 'z9hG4bK';

/** Matches messages to transactions (RFC 3261 17.1.3, 17.2.3) and keeps them until their timers end them. */
export class TransactionLayer {
  readonly #transportFor: (protocol: Protocol, address: string) => Transport | undefined;
  readonly #clock: Clock;
  readonly #counters: Counters;
  readonly #user: TransactionUser;
  readonly #clients = new Map<string, ClientTransaction>();
  readonly #servers = new Map<string, ServerTransaction>();
  /** The first transaction of each From tag, Call-ID and CSeq. */
  readonly #firstOf = new Map<string, ServerTransaction>();

  constructor(
    transportFor: (protocol: Protocol, address: string) => Transport | undefined,
    clock: Clock,
    counters: Counters,
    user: TransactionUser,
  ) {
    this.#transportFor = transportFor;
    this.#clock = clock;
    this.#counters = counters;
    this.#user = user;
    counters.gauge('client_transactions', () => this.#clients.size);
    counters.gauge('server_transactions', () => this.#servers.size);
  }

  receive(message: SipMessage, from: Hop): void {
    if (message.kind === 'request') this.#receiveRequest(stampVia(message, from), from);
    else this.#receiveResponse(message, from);
  }

  /** Sends a request whose Via is set. */
  send(request: SipRequest, hop: Hop, user: ClientUser): ClientTransaction {
    const key = clientKey(request);
    const transaction = new ClientTransaction(request, hop, this.#transportOf(hop), this.#clock, {
      response: (response) => user.response(response),
      failed: (why) => {
        this.#counters.increment(`failed_${why}`);
        user.failed(why);
      },
      ended: () => {
        this.#clients.delete(key);
        user.ended();
      },
      sent: (message, again) => this.#countRequest(message, again),
    });
    this.#clients.set(key, transaction);
    transaction.start();
    return transaction;
  }

  /** Sends CANCEL for an INVITE that is proceeding, and stops waiting for its final response 64*T1 later (section 9.1). */
  cancel(invite: ClientTransaction): void {
    this.send(cancelOf(invite.request), invite.hop, { response: () => {}, failed: () => {}, ended: () => {} });
    const timer = this.#clock.after(TRANSACTION_TIMEOUT_MS, () => invite.abandon());
    invite.onFinal(() => timer.cancel());
  }

  /** Sends a message that no transaction guards: the ACK of a 2xx. */
  sendStateless(request: SipRequest, hop: Hop, again: boolean): void {
    this.#countRequest(request, again);
    this.#transportOf(hop).send(writeMessage(request), hop, () => {});
  }

  /** The INVITE that a CANCEL is for (section 9.2). */
  inviteOf(cancel: SipRequest): ServerTransaction | undefined {
    return this.#servers.get(serverKey(cancel, 'INVITE'));
  }

  /** An unfinished transaction with the same From tag, Call-ID and CSeq but another branch: a merged request (8.2.2.2). */
  hasMerged(transaction: ServerTransaction): boolean {
    return this.#firstOf.get(mergeIdentity(transaction.request)) !== transaction;
  }

  close(): void {
    for (const transaction of [...this.#clients.values(), ...this.#servers.values()]) transaction.drop();
    this.#clients.clear();
    this.#servers.clear();
    this.#firstOf.clear();
  }

  #transportOf(hop: Hop): Transport {
    const transport = this.#transportFor(hop.protocol, hop.address);
    if (transport === undefined) throw new Error(`no ${hop.protocol} transport for ${hop.address}`);
    return transport;
  }

  #receiveRequest(request: SipRequest, from: Hop): void {
    const key = serverKey(request, request.method === 'ACK' ? 'INVITE' : request.method);
    const known = this.#servers.get(key);
    this.#counters.increment(`requests_in_${methodLabel(request.method)}`);
    if (request.method === 'ACK') {
      if (known !== undefined) known.receiveAck(request);
      else this.#user.ack(request, from);
      return;
    }
    if (known !== undefined) {
      this.#counters.increment('retransmissions_in');
      known.receiveAgain();
      return;
    }
    const identity = mergeIdentity(request);
    const transaction = new ServerTransaction(request, from, this.#transportOf(from), this.#clock, {
      ack: (ack) => this.#user.ack(ack, from),
      ended: () => {
        this.#servers.delete(key);
        if (this.#firstOf.get(identity) === transaction) this.#firstOf.delete(identity);
      },
      sent: (response, again) => this.#countResponse('out', response, again),
    });
    this.#servers.set(key, transaction);
    if (!this.#firstOf.has(identity)) this.#firstOf.set(identity, transaction);
    this.#user.request(transaction);
  }

  #receiveResponse(response: SipResponse, from: Hop): void {
    const vias = listOf(response, 'via');
    const branch = parseVia(vias[0] ?? '')?.params.get('branch') ?? '';
    const transaction = this.#clients.get(`${branch}|${cseqOf(response)?.method ?? ''}`);
    // With two Vias it is somebody else's and went astray (8.1.3.3).
    if (transaction === undefined || vias.length > 1) {
      this.#counters.increment('dropped_response');
      return;
    }
    this.#countResponse('in', response, false);
    transaction.receive(response, from);
  }

  #countRequest(request: SipRequest, again: boolean): void {
    this.#counters.increment(`requests_out_${methodLabel(request.method)}`);
    if (again) this.#counters.increment('retransmissions_out');
  }

  #countResponse(direction: 'in' | 'out', response: SipResponse, again: boolean): void {
    this.#counters.increment(`responses_${direction}_${Math.floor(response.status / 100)}xx`);
    if (again) this.#counters.increment('retransmissions_out');
  }
}

function clientKey(request: SipRequest): string {
  const branch = parseVia(headersOf(request, 'via')[0] ?? '')?.params.get('branch') ?? '';
  return `${branch}|${request.method}`;
}

/** 17.2.3: branch, sent-by and method; without the magic cookie (RFC 2543) what identified a request then. */
function serverKey(request: SipRequest, method: string): string {
  const line = headersOf(request, 'via')[0] ?? '';
  const via = parseVia(line);
  const branch = via?.params.get('branch') ?? '';
  if (via !== null && branch.startsWith(COOKIE) && branch.length > COOKIE.length)
    return `${branch}|${via.host.toLowerCase()}:${via.port ?? ''}|${method}`;
  const tag = tagOf(headerOf(request, 'from')) ?? '';
  return `${callIdOf(request)}|${tag}|${cseqOf(request)?.number ?? ''}|${request.uri}|${line}|${method}`;
}

function mergeIdentity(request: SipRequest): string {
  return `${callIdOf(request)}|${tagOf(headerOf(request, 'from')) ?? ''}|${headerOf(request, 'cseq') ?? ''}`;
}
