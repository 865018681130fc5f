import { messageOf, SpeakerpostError } from '../../runtime/errors.ts';
import type { IncomingInvite, OfferHandler, SipDialog, SipSource } from '../contract.ts';
import { tagOf } from '../message/address.ts';
import { parseUri } from '../message/uri.ts';
import type { AgentDialogOptions } from './dialog.ts';
import { safeHeaders, safeText } from './safe-headers.ts';
import { type SrfRequest, type SrfResponse, sdpIn } from './srf.ts';

/** Makes the dialog of an answered INVITE. */
export type DialogMaker = (
  dialog: Pick<AgentDialogOptions, 'id' | 'sipCallId' | 'remoteSdp' | 'isCaller' | 'login'>,
) => SipDialog;

/** An INVITE that waits for an answer: the contract's `IncomingInvite` on drachtio's request. */
export class AgentInvite implements IncomingInvite {
  readonly #request: SrfRequest;
  readonly #response: SrfResponse;
  readonly #makeDialog: DialogMaker;
  readonly #cancelListeners: (() => void)[] = [];
  #offerHandler: OfferHandler | null = null;
  #sdpOffer: string | null;
  #state: 'ringing' | 'answered' | 'cancelled' = 'ringing';

  constructor(request: SrfRequest, response: SrfResponse, makeDialog: DialogMaker) {
    this.#request = request;
    this.#response = response;
    this.#makeDialog = makeDialog;
    this.#sdpOffer = sdpIn(request);
    // drachtio-srf hands an UPDATE over here, or refuses it itself.
    request.on('update', (update: SrfRequest, its: SrfResponse) => this.receive(update, its));
    request.once('cancel', () => this.cancel());
  }

  get sipCallId(): string {
    return this.#request.get('call-id') ?? '';
  }

  get source(): SipSource {
    const { source_address: address, source_port: port, protocol } = this.#request;
    return { address, port, transport: protocol === 'tcp' || protocol === 'tls' ? protocol : 'udp' };
  }

  get requestUser(): string {
    return parseUri(this.#request.uri)?.user ?? '';
  }

  get from(): string {
    return this.#request.get('from') ?? '';
  }

  get sdpOffer(): string | null {
    return this.#sdpOffer;
  }

  header(name: string): string | undefined {
    return this.#request.get(name);
  }

  ring(): void {
    if (this.#state === 'ringing') this.#response.send(180, 'Ringing', {});
  }

  progress(sdp: string): void {
    const headers = { 'Content-Type': 'application/sdp', Require: '100rel' };
    if (this.#state === 'ringing') this.#response.send(183, 'Session Progress', { headers, body: sdp });
  }

  onOffer(handler: OfferHandler): void {
    this.#offerHandler = handler;
  }

  /** What this invite's dialog is called while it is early, too. */
  get dialogId(): string {
    return `${this.sipCallId};from-tag=${tagOf(this.from) ?? ''}`;
  }

  /** A request in the early dialog: UPDATE, or a PRACK that carries SDP. */
  receive(request: SrfRequest, response: SrfResponse): void {
    const { method } = request;
    const sdp = sdpIn(request);
    if (method === 'INFO' || (sdp === null && (method === 'UPDATE' || method === 'PRACK'))) {
      response.send(200, 'OK', {});
      return;
    }
    if (method !== 'UPDATE' && method !== 'PRACK') {
      response.send(405, 'Method Not Allowed', {});
      return;
    }
    // The answer to the offer of our 183 may come in a PRACK; it is not one more offer.
    const isAnswer = method === 'PRACK' && this.#sdpOffer === null;
    this.#sdpOffer = sdp;
    if (isAnswer) {
      response.send(200, 'OK', {});
      return;
    }
    const answer = this.#offerHandler?.(sdp) ?? { status: 488, reason: 'Not Acceptable Here' };
    if ('sdp' in answer) response.send(200, 'OK', { headers: { 'Content-Type': 'application/sdp' }, body: answer.sdp });
    else response.send(answer.status, answer.reason, {});
  }

  answer(sdp: string): Promise<SipDialog> {
    if (this.#state !== 'ringing') return Promise.reject(this.#gone());
    this.#state = 'answered';
    const options = { headers: { 'Content-Type': 'application/sdp' }, body: sdp };
    return new Promise((resolve, reject) => {
      try {
        this.#response.send(200, 'OK', options, (error) => {
          const id = this.#response.stackDialogId;
          if (error || id === undefined || id === '') reject(this.#gone(error));
          else
            resolve(
              this.#makeDialog({ id, sipCallId: this.sipCallId, remoteSdp: this.sdpOffer ?? '', isCaller: false }),
            );
        });
      } catch (error) {
        reject(this.#gone(error));
      }
    });
  }

  reject(status: number, reason: string, headers: Readonly<Record<string, string>> = {}): void {
    if (this.#state !== 'ringing') return;
    this.#state = 'answered';
    this.#response.send(status, safeText(reason), { headers: safeHeaders(headers) });
  }

  onCancel(listener: () => void): void {
    if (this.#state === 'cancelled') listener();
    else this.#cancelListeners.push(listener);
  }

  /** The caller gave up, or the SIP server is gone. */
  cancel(): void {
    if (this.#state === 'cancelled') return;
    this.#state = 'cancelled';
    for (const listener of this.#cancelListeners.splice(0)) listener();
  }

  #gone(error?: unknown): SpeakerpostError {
    if (this.#state === 'cancelled') return new SpeakerpostError('SIP_CALL_CANCELLED', {}, error);
    const reason = messageOf(error ?? 'it was answered before');
    return new SpeakerpostError('SIP_ANSWER_FAILED', { reason }, error);
  }
}
