import type { Timer } from '../../runtime/clock.ts';
import type { Header, SipRequest, SipResponse } from '../message/message.ts';
import type { ServerTransaction } from '../transaction/server-transaction.ts';
import type { Hop } from '../transport/transport.ts';
import type { Dialog } from './dialog.ts';
import type { ReliableProvisionals } from './reliable-provisional.ts';

/** What the application says; the core adds Via, From, To with tag, Call-ID, CSeq, Record-Route and Contact. */
export interface Answer {
  readonly status: number;
  readonly reason: string;
  readonly headers?: readonly Header[];
  readonly body?: Uint8Array;
  /** A To tag of the application's choice, in the first answer. */
  readonly toTag?: string;
}

/** A request that waits for the application's answer. */
export interface IncomingRequest {
  readonly id: string;
  readonly message: SipRequest;
  readonly from: Hop;
  readonly transaction: ServerTransaction;
  /** null outside of a dialog; an INVITE gets its dialog with the first answer that has a To tag. */
  dialog: Dialog | null;
  /** The To tag of our answers. */
  toTag: string;
  /** Who was given the request. */
  owner: object | null;
  isAnswered: boolean;
  /** A 2xx that waits for the PRACK of a provisional answer. */
  held: Answer | null;
  /** The last answer as it was sent. */
  lastResponse: SipResponse | null;
  /** Its provisional responses, when the caller requires them to be reliable (RFC 3262). */
  provisionals: ReliableProvisionals | null;
  /** Runs until the final answer. */
  guard: Timer | null;
  /** Called once with the final answer. */
  onAnswered: (() => void) | null;
}
