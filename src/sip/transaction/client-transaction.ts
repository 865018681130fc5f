import type { Clock } from '../../runtime/clock.ts';
import {
  cseqOf,
  type Header,
  headerOf,
  headersOf,
  noBody,
  type SipRequest,
  type SipResponse,
} from '../message/message.ts';
import { writeMessage } from '../message/writer.ts';
import type { Hop, Transport } from '../transport/transport.ts';
import { inviteClient, newInviteClient } from './invite-client.ts';
import type { Effect } from './machine.ts';
import { newNonInviteClient, nonInviteClient } from './non-invite-client.ts';
import { MachineRunner, type Runner } from './runner.ts';

export interface ClientTransactionEvents {
  response(response: SipResponse): void;
  failed(why: 'timeout' | 'transport'): void;
  ended(): void;
  sent(request: SipRequest, again: boolean): void;
}

/** A request on its way out (RFC 3261 17.1). Its top Via and branch are final. */
export class ClientTransaction {
  readonly request: SipRequest;
  readonly hop: Hop;
  readonly #transport: Transport;
  readonly #events: ClientTransactionEvents;
  readonly #runner: Runner;
  readonly #bytes: Uint8Array;
  readonly #finalListeners: (() => void)[] = [];
  #response: SipResponse | null = null;

  constructor(request: SipRequest, hop: Hop, transport: Transport, clock: Clock, events: ClientTransactionEvents) {
    this.request = request;
    this.hop = hop;
    this.#transport = transport;
    this.#events = events;
    this.#bytes = writeMessage(request);
    const perform = (effect: Effect) => this.#perform(effect);
    this.#runner =
      request.method === 'INVITE'
        ? new MachineRunner(inviteClient, newInviteClient(transport.isReliable), clock, perform)
        : new MachineRunner(nonInviteClient, newNonInviteClient(transport.isReliable), clock, perform);
  }

  /** A final response came, or the transaction has failed. */
  get isFinal(): boolean {
    return !['calling', 'trying', 'proceeding'].includes(this.#runner.stateName);
  }

  get isProceeding(): boolean {
    return this.#runner.stateName === 'proceeding';
  }

  /** Called once, at the final response or the failure; at once if that was before. */
  onFinal(listener: () => void): void {
    if (this.isFinal) listener();
    else this.#finalListeners.push(listener);
  }

  start(): void {
    this.#runner.dispatch({ type: 'start' });
  }

  receive(response: SipResponse): void {
    this.#response = response;
    this.#runner.dispatch({ type: 'response', status: response.status });
    if (this.isFinal) this.#tellFinal();
  }

  abandon(): void {
    this.#runner.dispatch({ type: 'abandon' });
  }

  drop(): void {
    this.#runner.drop();
    this.#tellFinal();
  }

  #perform(effect: Effect): void {
    if (effect.do === 'send') {
      this.#events.sent(this.request, effect.again);
      this.#send(this.#bytes);
    } else if (effect.do === 'ack' && this.#response !== null) {
      const ack = ackOfFailure(this.request, this.#response);
      this.#events.sent(ack, false);
      this.#send(writeMessage(ack));
    } else if (effect.do === 'pass' && this.#response !== null) this.#events.response(this.#response);
    else if (effect.do === 'fail') {
      this.#tellFinal();
      this.#events.failed(effect.why);
    } else if (effect.do === 'end') this.#events.ended();
  }

  #tellFinal(): void {
    for (const listener of this.#finalListeners.splice(0)) listener();
  }

  #send(bytes: Uint8Array): void {
    this.#transport.send(bytes, this.hop, () => this.#runner.dispatch({ type: 'transportError' }));
  }
}

/** ACK of a final response other than 2xx (17.1.1.3): the INVITE's Via, Route and branch, the response's To. */
function ackOfFailure(invite: SipRequest, response: SipResponse): SipRequest {
  const to = headerOf(response, 'to') ?? headerOf(invite, 'to') ?? '';
  return sameBranch(invite, 'ACK', to);
}

/** CANCEL of a request (section 9.1). */
export function cancelOf(invite: SipRequest): SipRequest {
  return sameBranch(invite, 'CANCEL', headerOf(invite, 'to') ?? '');
}

function sameBranch(invite: SipRequest, method: string, to: string): SipRequest {
  const headers: Header[] = [
    { name: 'via', value: headersOf(invite, 'via')[0] ?? '' },
    ...headersOf(invite, 'route').map((value) => ({ name: 'route', value })),
    { name: 'max-forwards', value: '70' },
    { name: 'from', value: headerOf(invite, 'from') ?? '' },
    { name: 'to', value: to },
    { name: 'call-id', value: headerOf(invite, 'call-id') ?? '' },
    { name: 'cseq', value: `${cseqOf(invite)?.number ?? 0} ${method}` },
  ];
  return { kind: 'request', method, uri: invite.uri, headers, body: noBody };
}
