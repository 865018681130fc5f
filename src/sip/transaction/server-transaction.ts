import type { Clock } from '../../runtime/clock.ts';
import { tagOf } from '../message/address.ts';
import { headerOf, type SipRequest, type SipResponse } from '../message/message.ts';
import { writeMessage } from '../message/writer.ts';
import { responseHop } from '../transport/routing.ts';
import type { Hop, Transport } from '../transport/transport.ts';
import { inviteServer, newInviteServer } from './invite-server.ts';
import type { Effect } from './machine.ts';
import { newNonInviteServer, nonInviteServer } from './non-invite-server.ts';
import { MachineRunner, type Runner } from './runner.ts';

export interface ServerTransactionEvents {
  /** The ACK of a 2xx came on the INVITE's own branch, as some user agents send it. */
  ack(ack: SipRequest): void;
  ended(): void;
  sent(response: SipResponse, again: boolean): void;
}

/** A request that came in (RFC 3261 17.2). */
export class ServerTransaction {
  readonly request: SipRequest;
  readonly from: Hop;
  readonly responseHop: Hop;
  readonly #transport: Transport;
  readonly #events: ServerTransactionEvents;
  readonly #runner: Runner;
  #last: { readonly response: SipResponse; readonly bytes: Uint8Array } | null = null;
  #ack: SipRequest | null = null;

  constructor(request: SipRequest, from: Hop, transport: Transport, clock: Clock, events: ServerTransactionEvents) {
    this.request = request;
    this.from = from;
    this.responseHop = responseHop(request, from);
    this.#transport = transport;
    this.#events = events;
    const perform = (effect: Effect) => this.#perform(effect);
    this.#runner =
      request.method === 'INVITE'
        ? new MachineRunner(inviteServer, newInviteServer(transport.isReliable), clock, perform)
        : new MachineRunner(nonInviteServer, newNonInviteServer(transport.isReliable), clock, perform);
  }

  /** The To tag of our last answer but 100. */
  get toTag(): string | undefined {
    return this.#last === null ? undefined : tagOf(headerOf(this.#last.response, 'to'));
  }

  receiveAgain(): void {
    this.#runner.dispatch({ type: 'request' });
  }

  receiveAck(ack: SipRequest): void {
    this.#ack = ack;
    this.#runner.dispatch({ type: 'ack' });
  }

  respond(response: SipResponse): void {
    this.#last = { response, bytes: writeMessage(response) };
    this.#runner.dispatch({ type: 'respond', status: response.status });
  }

  /** Sends a 2xx once more, also when the transaction has ended (13.3.1.4: up to the user agent core). */
  respondAgain(response: SipResponse): void {
    this.#transport.send(writeMessage(response), this.responseHop, () => {});
  }

  drop(): void {
    this.#runner.drop();
  }

  #perform(effect: Effect): void {
    if (effect.do === 'send' && this.#last !== null) {
      this.#events.sent(this.#last.response, effect.again);
      this.#transport.send(this.#last.bytes, this.responseHop, () => this.#runner.dispatch({ type: 'transportError' }));
    } else if (effect.do === 'pass' && this.#ack !== null) this.#events.ack(this.#ack);
    else if (effect.do === 'end') this.#events.ended();
  }
}
