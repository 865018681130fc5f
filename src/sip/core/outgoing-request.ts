import type { SipRequest, SipResponse } from '../message/message.ts';
import type { ClientTransaction } from '../transaction/client-transaction.ts';
import type { Hop } from '../transport/transport.ts';
import type { Dialog } from './dialog.ts';

/** A request as it went out. */
export interface OutgoingRequest {
  readonly id: string;
  readonly message: SipRequest;
  readonly hop: Hop;
}

export interface ClientEvents {
  /** It is on its way; the object is read again later, as the message may move to another transport. */
  sent(request: OutgoingRequest): void;
  /** It cannot be sent at all; nothing else comes. */
  refused(reason: string): void;
  /** `dialog` is set from the first response that makes or belongs to one. */
  response(response: SipResponse, dialog: Dialog | null): void;
  /** No response came in time, or the network refused: as 408 and 503 (8.1.3.1). */
  failed(why: 'timeout' | 'transport'): void;
}

export interface ClientRequestOptions {
  readonly owner: object;
  /** Send it inside this dialog. */
  readonly dialog?: Dialog;
  /** SIP URI of the next hop, whatever the request says. */
  readonly proxy?: string;
}

/** What the core remembers of a request until its transaction has ended. */
export interface Outgoing extends OutgoingRequest {
  message: SipRequest;
  hop: Hop;
  readonly owner: object;
  readonly dialog: Dialog | null;
  transaction: ClientTransaction | null;
  wantsCancel: boolean;
  isCancelled: boolean;
  /** The owner is gone: a 2xx is acknowledged and hung up at once. */
  isOrphan: boolean;
  /** The remote tag of the 2xx that was passed on. */
  acceptedTag: string | null;
  /** Its dialog, also after it has ended: a 2xx that comes again gets its ACK again. */
  accepted: Dialog | null;
  /** How often a 422 made it go out again. */
  sessionRetries: number;
}

/** For requests whose outcome nobody waits for. */
export const nobodyListens: ClientEvents = { sent: () => {}, refused: () => {}, response: () => {}, failed: () => {} };
