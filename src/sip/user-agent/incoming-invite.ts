import { messageOf, SpeakerpostError } from '../../runtime/errors.ts';
import type { IncomingInvite, SipDialog, SipSource } from '../contract.ts';
import { parseUri } from '../message/uri.ts';
import { safeHeaders, safeText } from './safe-headers.ts';
import type { SrfRequest, SrfResponse } from './srf.ts';

/** Makes the dialog of an answered INVITE. */
export type DialogMaker = (dialogId: string, sipCallId: string, remoteSdp: string) => SipDialog;

/** An INVITE that waits for an answer: the contract's `IncomingInvite` on drachtio's request. */
export class AgentInvite implements IncomingInvite {
  readonly #request: SrfRequest;
  readonly #response: SrfResponse;
  readonly #makeDialog: DialogMaker;
  readonly #cancelListeners: (() => void)[] = [];
  #state: 'ringing' | 'answered' | 'cancelled' = 'ringing';

  constructor(request: SrfRequest, response: SrfResponse, makeDialog: DialogMaker) {
    this.#request = request;
    this.#response = response;
    this.#makeDialog = makeDialog;
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
    return this.#request.body ? this.#request.body : null;
  }

  header(name: string): string | undefined {
    return this.#request.get(name);
  }

  ring(earlySdp?: string): void {
    if (this.#state !== 'ringing') return;
    if (earlySdp === undefined) this.#response.send(180, 'Ringing', {});
    else
      this.#response.send(183, 'Session Progress', {
        headers: { 'Content-Type': 'application/sdp' },
        body: earlySdp,
      });
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
          else resolve(this.#makeDialog(id, this.sipCallId, this.sdpOffer ?? ''));
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
