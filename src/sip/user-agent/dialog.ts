import type { Clock } from '../../runtime/clock.ts';
import { messageOf } from '../../runtime/errors.ts';
import type { Log } from '../../runtime/log.ts';
import type { SipDialog } from '../contract.ts';
import { reasonHeader, reasonText } from './safe-headers.ts';
import type { SrfApplication, SrfRequest, SrfResponse } from './srf.ts';
import { Transfer, transferFailed } from './transfer.ts';

/** A BYE is as good as done when its answer does not come within this time; the server goes on repeating it. */
const BYE_WITHIN_MS = 2_000;

type OfferHandler = (sdp: string | null) => { sdp: string } | { status: number; reason: string };

export interface AgentDialogOptions {
  readonly id: string;
  readonly sipCallId: string;
  readonly remoteSdp: string;
  readonly srf: SrfApplication;
  readonly clock: Clock;
  readonly log: Log;
  /** Takes the dialog out of the agent's table. */
  readonly onEnded: () => void;
}

/** A dialog as the gateway sees it: the contract's `SipDialog` on drachtio's messages. */
export class AgentDialog implements SipDialog {
  readonly sipCallId: string;
  readonly #options: AgentDialogOptions;
  readonly #ackListeners: (() => void)[] = [];
  readonly #endListeners: ((reason: string) => void)[] = [];
  readonly #infoListeners: ((contentType: string, body: string) => void)[] = [];
  #offerHandler: OfferHandler | null = null;
  #remoteSdp: string;
  #hasAck = false;
  #endReason: string | null = null;
  #transfer: Transfer | null = null;

  constructor(options: AgentDialogOptions) {
    this.#options = options;
    this.sipCallId = options.sipCallId;
    this.#remoteSdp = options.remoteSdp;
  }

  get remoteSdp(): string {
    return this.#remoteSdp;
  }

  onAck(listener: () => void): void {
    if (this.#hasAck) listener();
    else this.#ackListeners.push(listener);
  }

  onEnd(listener: (reason: string) => void): void {
    if (this.#endReason === null) this.#endListeners.push(listener);
    else listener(this.#endReason);
  }

  onOffer(handler: OfferHandler): void {
    this.#offerHandler = handler;
  }

  onInfo(listener: (contentType: string, body: string) => void): void {
    this.#infoListeners.push(listener);
  }

  async refer(target: string, onProgress: (status: number, reason: string) => void = () => {}): Promise<void> {
    if (this.#endReason !== null) throw transferFailed(target, 481, 'The call has ended');
    if (this.#transfer !== null) throw transferFailed(target, 491, 'A transfer is under way');
    const { srf, clock, id } = this.#options;
    const transfer = new Transfer(target, clock, onProgress);
    this.#transfer = transfer;
    try {
      await transfer.run((headers, done) => {
        srf.app.request({ method: 'REFER', stackDialogId: id, headers }, (error, request) => {
          if (request === undefined) done(503, messageOf(error));
          else request.on('response', (response: SrfResponse) => done(response.status, response.reason));
        });
      });
    } finally {
      this.#transfer = null;
    }
    await this.bye({ cause: 200, text: 'transferred' });
  }

  async bye(reason?: { readonly cause: number; readonly text: string }): Promise<void> {
    if (this.#endReason !== null) return;
    this.end(reason?.text ?? 'hung up');
    const { srf, clock, log, id } = this.#options;
    await new Promise<void>((resolve) => {
      const timer = clock.after(BYE_WITHIN_MS, resolve);
      const done = () => {
        timer.cancel();
        resolve();
      };
      try {
        const headers = reason === undefined ? {} : reasonHeader(reason);
        srf.app.request({ method: 'BYE', stackDialogId: id, headers }, (error, request) => {
          if (request === undefined) {
            log.info({ err: error, sipCallId: this.sipCallId }, 'BYE not sent: the dialog is gone');
            done();
          } else request.on('response', done);
        });
      } catch (error) {
        log.info({ err: error, sipCallId: this.sipCallId }, 'BYE not sent: the SIP server is gone');
        done();
      }
    });
  }

  /** A request that the peer (or the SIP server for it) sent inside the dialog. */
  receive(request: SrfRequest, response: SrfResponse): void {
    switch (request.method) {
      case 'ACK':
        this.#receiveAck(request);
        return;
      case 'BYE': {
        response.send(200, 'OK', {});
        this.end(reasonText(request.get('reason')) ?? 'the peer hung up');
        return;
      }
      case 'INVITE':
      case 'UPDATE':
        this.#receiveOffer(request, response);
        return;
      case 'INFO':
        response.send(200, 'OK', {});
        for (const listener of this.#infoListeners) listener(request.get('content-type') ?? '', request.body ?? '');
        return;
      case 'OPTIONS':
        response.send(200, 'OK', { headers: { Accept: 'application/sdp' } });
        return;
      case 'NOTIFY':
        if (this.#transfer === null || !(request.get('event') ?? '').toLowerCase().startsWith('refer'))
          response.send(481, 'Subscription Does Not Exist', {});
        else {
          response.send(200, 'OK', {});
          this.#transfer.notify(request.body ?? '', request.get('subscription-state') ?? '');
        }
        return;
      case 'REFER':
        // Whoever dials the gateway must not make it dial others (toll fraud).
        response.send(603, 'Decline', {});
        return;
      default:
        response.send(501, 'Not Implemented', {});
    }
  }

  /** Tells the owner, once. */
  end(reason: string): void {
    if (this.#endReason !== null) return;
    this.#endReason = reason;
    this.#transfer?.peerEnded();
    this.#options.onEnded();
    for (const listener of this.#endListeners.splice(0)) listener(reason);
  }

  #receiveAck(request: SrfRequest): void {
    if (request.body) this.#remoteSdp = request.body;
    if (this.#hasAck) return;
    this.#hasAck = true;
    for (const listener of this.#ackListeners.splice(0)) listener();
  }

  #receiveOffer(request: SrfRequest, response: SrfResponse): void {
    const sdp = request.body ? request.body : null;
    if (sdp === null && request.method === 'UPDATE') {
      response.send(200, 'OK', {});
      return;
    }
    const answer = this.#offerHandler?.(sdp) ?? { status: 488, reason: 'Not Acceptable Here' };
    if ('sdp' in answer) {
      if (sdp !== null) this.#remoteSdp = sdp;
      response.send(200, 'OK', { headers: { 'Content-Type': 'application/sdp' }, body: answer.sdp });
    } else response.send(answer.status, answer.reason, {});
  }
}
