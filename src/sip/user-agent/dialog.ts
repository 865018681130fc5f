import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { OfferHandler, SipDialog } from '../contract.ts';
import { type DialogOutcome, type DialogRequest, requestInDialog } from './dialog-request.ts';
import type { LoginOptions } from './login.ts';
import { offerToPeer } from './offer-to-peer.ts';
import { reasonHeader, reasonText } from './safe-headers.ts';
import { type SrfApplication, type SrfRequest, type SrfResponse, sdpIn } from './srf.ts';
import { Transfer, transferFailed } from './transfer.ts';
import { TransferRequest, targetOf } from './transfer-request.ts';

/** A BYE is as good as done when its answer does not come within this time; the server goes on repeating it. */
const BYE_WITHIN_MS = 2_000;

export interface AgentDialogOptions {
  readonly id: string;
  readonly sipCallId: string;
  readonly remoteSdp: string;
  /** We placed the call. */
  readonly isCaller: boolean;
  /** For a peer that challenges requests inside the dialog. */
  readonly login?: LoginOptions;
  readonly srf: SrfApplication;
  readonly clock: Clock;
  readonly log: Log;
  /** @throws SIP_NUMBER_REFUSED for a target that this call may not be transferred to */
  readonly checkNumber: (target: string) => void;
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
  #referHandler: Parameters<SipDialog['onRefer']>[0] | null = null;
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

  onRefer(handler: Parameters<SipDialog['onRefer']>[0]): void {
    this.#referHandler = handler;
  }

  async reinvite(sdp: string): Promise<string> {
    const headers = { 'Content-Type': 'application/sdp' };
    const { isCaller, clock } = this.#options;
    const answer = await offerToPeer({
      send: (done) => this.#request({ method: 'INVITE', headers, body: sdp }, done),
      isCaller,
      isEnded: () => this.#endReason !== null,
      clock,
      random: Math.random,
    });
    this.#remoteSdp = answer;
    return answer;
  }

  async refer(target: string, onProgress: (status: number, reason: string) => void = () => {}): Promise<void> {
    if (this.#endReason !== null) throw transferFailed(target, 481, 'The call has ended');
    if (this.#transfer !== null) throw transferFailed(target, 491, 'A transfer is under way');
    this.#options.checkNumber(target);
    const transfer = new Transfer(target, this.#options.clock, onProgress);
    this.#transfer = transfer;
    try {
      await transfer.run((headers, done) =>
        this.#request({ method: 'REFER', headers }, ({ status, reason }) => done(status, reason)),
      );
    } finally {
      this.#transfer = null;
    }
    await this.bye({ cause: 200, text: 'transferred' });
  }

  async bye(reason?: { readonly cause: number; readonly text: string }): Promise<void> {
    if (this.#endReason !== null) return;
    this.end(reason?.text ?? 'hung up');
    const { clock, log } = this.#options;
    await new Promise<void>((resolve) => {
      const timer = clock.after(BYE_WITHIN_MS, resolve);
      const headers = reason === undefined ? {} : reasonHeader(reason);
      this.#request({ method: 'BYE', headers }, ({ status, reason: why }) => {
        timer.cancel();
        if (status >= 300) log.info({ sipCallId: this.sipCallId, status, why }, 'BYE not answered with 200');
        resolve();
      });
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
      case 'MESSAGE':
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
        this.#receiveRefer(request, response);
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

  /** Whoever dials the gateway must not make it dial others (toll fraud): rules and handler must both say yes. */
  #receiveRefer(request: SrfRequest, response: SrfResponse): void {
    const target = targetOf(request);
    if (target === null && this.#referHandler !== null) {
      response.send(400, 'Bad Refer-To', {});
      return;
    }
    const transfer = new TransferRequest(request, (headers, body) => {
      if (this.#endReason === null) this.#request({ method: 'NOTIFY', headers, body }, () => {});
    });
    const reports: (readonly [number, string])[] = [];
    let isAccepted = false;
    const report = (status: number, reason: string) => {
      if (isAccepted) transfer.report(status, reason);
      else reports.push([status, reason]);
    };
    isAccepted = target !== null && this.#mayCall(target) && this.#referHandler?.(target, report) === true;
    if (!isAccepted) {
      response.send(603, 'Decline', {});
      return;
    }
    response.send(202, 'Accepted', {});
    // The first NOTIFY comes at once (RFC 3515 2.4.4).
    transfer.report(100, 'Trying');
    for (const [status, reason] of reports) transfer.report(status, reason);
  }

  #mayCall(target: string): boolean {
    try {
      this.#options.checkNumber(target);
      return true;
    } catch (error) {
      this.#options.log.warn({ err: error, sipCallId: this.sipCallId }, 'REFER declined');
      return false;
    }
  }

  #request(request: DialogRequest, done: (outcome: DialogOutcome) => void): void {
    const { srf, id, login } = this.#options;
    requestInDialog(srf, id, request, login, done, (update, response) => this.receive(update, response));
  }

  #receiveAck(request: SrfRequest): void {
    const sdp = sdpIn(request);
    if (sdp !== null) this.#remoteSdp = sdp;
    if (this.#hasAck) return;
    this.#hasAck = true;
    for (const listener of this.#ackListeners.splice(0)) listener();
  }

  #receiveOffer(request: SrfRequest, response: SrfResponse): void {
    const sdp = sdpIn(request);
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
