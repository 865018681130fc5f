import type { SipResponse } from '../message/message.ts';
import { writeMessage } from '../message/writer.ts';
import type { ClientTransaction } from '../transaction/client-transaction.ts';
import { SAFE_DATAGRAM_BYTES } from '../transport/udp.ts';
import type { CoreContext } from './core.ts';
import type { Outgoing } from './outgoing-request.ts';
import { withVia } from './request.ts';

export interface SenderEvents {
  /** It goes out now, in its final form. */
  sent(): void;
  response(response: SipResponse): void;
  failed(why: 'timeout' | 'transport'): void;
  ended(): void;
}

/** Puts a request on the wire in a transaction: over TCP where it is too long for a datagram, and over UDP after all where that fails. */
export class RequestSender {
  readonly #context: CoreContext;

  constructor(context: CoreContext) {
    this.#context = context;
  }

  send(outgoing: Outgoing, events: SenderEvents): void {
    const datagram = { message: outgoing.message, hop: outgoing.hop };
    const isStreamed = this.#preferStream(outgoing);
    events.sent();
    this.#start(outgoing, events, (why) => {
      if (!isStreamed || why !== 'transport') return false;
      // The peer has no TCP: it goes by UDP after all (18.1.1).
      Object.assign(outgoing, datagram);
      this.#start(outgoing, events, () => false);
      return true;
    });
  }

  #start(outgoing: Outgoing, events: SenderEvents, retry: (why: 'timeout' | 'transport') => boolean): void {
    const transaction: ClientTransaction = this.#context.layer.send(outgoing.message, outgoing.hop, {
      response: events.response,
      failed: (why) => {
        if (!retry(why)) events.failed(why);
      },
      ended: () => {
        if (outgoing.transaction === transaction) events.ended();
      },
    });
    outgoing.transaction = transaction;
  }

  /** A request over 1,300 bytes goes by TCP where we have it, because fragments get lost (18.1.1). */
  #preferStream(outgoing: Outgoing): boolean {
    const { message, hop } = outgoing;
    const { transportFor, counters, newId } = this.#context;
    const stream = hop.protocol === 'udp' ? transportFor('tcp', hop.address) : undefined;
    if (stream === undefined || writeMessage(message).length <= SAFE_DATAGRAM_BYTES) return false;
    counters.increment('requests_moved_to_tcp');
    outgoing.message = withVia(
      { ...message, headers: message.headers.filter((header) => header.name !== 'via') },
      stream,
      `z9hG4bK${newId()}`,
    );
    outgoing.hop = { ...hop, protocol: 'tcp' };
    return true;
  }
}
