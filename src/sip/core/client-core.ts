import { refreshTarget, requestParts } from '../dialog/dialog-state.ts';
import { agreeAsClient, minSessionOf } from '../dialog/session-timer.ts';
import { tagOf } from '../message/address.ts';
import { cseqOf, headerOf, noBody, type SipRequest, type SipResponse } from '../message/message.ts';
import { hasSdp } from '../message/sdp-body.ts';
import { cancelOf } from '../transaction/client-transaction.ts';
import { TRANSACTION_TIMEOUT_MS } from '../transaction/timers.ts';
import { ClientDialogs } from './client-dialogs.ts';
import { acknowledgeProvisional } from './client-provisionals.ts';
import type { CoreContext } from './core.ts';
import type { Dialog } from './dialog.ts';
import {
  type ClientEvents,
  type ClientRequestOptions,
  nobodyListens,
  type Outgoing,
  type OutgoingRequest,
} from './outgoing-request.ts';
import { buildDialogRequest, buildRequest, type Draft, withContact, withVia } from './request.ts';
import { isOffering } from './request-checks.ts';
import { RequestSender } from './request-sender.ts';
import type { RouteFinder } from './route-finder.ts';
import { askForSession, withLongerSession } from './session-headers.ts';
import { SessionKeeper } from './session-keeper.ts';

/** So often an interval is raised to what a peer (or one proxy after the other) says. */
const SESSION_RETRIES = 3;

/** The asking half of the core: RFC 3261 8.1, 9.1, 12.2.1, 13.2, 14.1 and 15.1.1. */
export class ClientCore {
  readonly #context: CoreContext;
  readonly #routes: RouteFinder;
  readonly #dialogs: ClientDialogs;
  readonly #sender: RequestSender;
  readonly #outgoing = new Map<string, Outgoing>();
  readonly sessions: SessionKeeper;

  constructor(context: CoreContext, routes: RouteFinder) {
    this.#context = context;
    this.#routes = routes;
    this.#dialogs = new ClientDialogs(context);
    this.#sender = new RequestSender(context);
    this.sessions = new SessionKeeper(context, this);
  }

  request(draft: Draft, options: ClientRequestOptions, events: ClientEvents): void {
    const { dialog = null, proxy = null, owner } = options;
    const { newId, hostPort, contactOn } = this.#context;
    let message: SipRequest;
    let nextHop = proxy;
    if (dialog === null) message = buildRequest(askForSession(draft, null), newId, hostPort);
    else {
      const parts = requestParts(dialog.state, draft.method, nextSequence(dialog, draft.method));
      message = buildDialogRequest(askForSession(draft, dialog), parts);
      nextHop ??= parts.nextHop;
    }
    this.#routes.find(message, { proxy: nextHop, flow: dialog?.flow ?? null }, (route) => {
      if (typeof route === 'string') {
        events.refused(route);
        return;
      }
      const { transport, hop } = route;
      if (hop.address === transport.local.address && hop.port === transport.local.port) {
        events.refused('can not send request to myself');
        return;
      }
      const isSips = message.uri.toLowerCase().startsWith('sips:');
      const outgoing: Outgoing = {
        id: newId(),
        message: withVia(
          withContact(message, dialog?.contact ?? contactOn(hop, isSips)),
          transport,
          `z9hG4bK${newId()}`,
        ),
        hop,
        owner,
        dialog,
        transaction: null,
        wantsCancel: false,
        isCancelled: false,
        isOrphan: false,
        acceptedTag: null,
        accepted: null,
        sessionRetries: 0,
      };
      this.#send(outgoing, events);
    });
  }

  /** ACK of the dialog's last 2xx (13.2.2.4): no transaction; it is kept and sent again when the 2xx comes again. null: no route. */
  ack(dialog: Dialog, draft: Draft, done: (sent: OutgoingRequest | null) => void): void {
    const sequence = dialog.inviteSequence;
    dialog.isAckDue = false;
    dialog.offers.acknowledged('us');
    const parts = requestParts(dialog.state, 'ACK', sequence);
    const message = buildDialogRequest(draft, parts);
    this.#routes.find(message, { proxy: parts.nextHop, flow: dialog.flow }, (route) => {
      if (typeof route === 'string') {
        done(null);
        return;
      }
      const { transport, hop } = route;
      const request = withVia(message, transport, `z9hG4bK${this.#context.newId()}`);
      dialog.lastAck = { request, hop, sequence };
      this.#context.layer.sendStateless(request, hop, false);
      done({ id: this.#context.newId(), message: request, hop });
    });
  }

  /** Takes an INVITE back (section 9.1): held until a provisional response came. null when it is unknown or answered. */
  cancel(id: string): OutgoingRequest | null {
    const outgoing = this.#outgoing.get(id);
    if (outgoing === undefined || outgoing.transaction?.isFinal === true) return null;
    outgoing.wantsCancel = true;
    this.#cancelIfPossible(outgoing);
    return { id, message: cancelOf(outgoing.message), hop: outgoing.hop };
  }

  /** Ends a dialog from this side with BYE and a Reason (RFC 3326), and tells the user. */
  endDialog(dialog: Dialog, cause: number, text: string): void {
    if (dialog.isEnded) return;
    const reason = { name: 'reason', value: `SIP ;cause=${cause} ;text="${text}"` };
    const draft: Draft = { method: 'BYE', uri: dialog.state.remoteTarget, headers: [reason], body: noBody };
    let bye: SipRequest | null = null;
    this.request(
      draft,
      { owner: dialog.owner, dialog },
      {
        ...nobodyListens,
        sent: (request) => {
          bye = request.message;
        },
      },
    );
    this.#remove(dialog);
    this.#context.user.ended(dialog, bye ?? { kind: 'request', ...draft });
  }

  /** Requests without a final outcome. */
  get openCount(): number {
    let count = 0;
    for (const { transaction } of this.#outgoing.values()) if (transaction?.isFinal !== true) count++;
    return count;
  }

  releaseOwner(owner: object): void {
    for (const outgoing of this.#outgoing.values()) {
      if (outgoing.owner !== owner || outgoing.message.method !== 'INVITE') continue;
      outgoing.isOrphan = true;
      this.cancel(outgoing.id);
    }
  }

  #send(outgoing: Outgoing, events: ClientEvents): void {
    const { message, dialog } = outgoing;
    this.#outgoing.set(outgoing.id, outgoing);
    if (isOffering(message.method)) dialog?.offers.asked(outgoing, 'us', message.method, hasSdp(message));
    let isTold = outgoing.sessionRetries > 0;
    this.#sender.send(outgoing, {
      sent: () => {
        if (!isTold) events.sent(outgoing);
        isTold = true;
      },
      response: (response) => this.#receive(outgoing, response, events),
      failed: (why) => {
        dialog?.offers.answered(outgoing, 408, false);
        this.#settle(outgoing, 408);
        events.failed(why);
      },
      ended: () => this.#outgoing.delete(outgoing.id),
    });
  }

  #receive(outgoing: Outgoing, response: SipResponse, events: ClientEvents): void {
    const { status } = response;
    const isInvite = outgoing.message.method === 'INVITE';
    if (isInvite && status >= 200 && status < 300) {
      this.#receiveOk(outgoing, response, events);
      return;
    }
    if (status < 200) this.#cancelIfPossible(outgoing);
    if (status === 422 && this.#askForLonger(outgoing, response, events)) return;
    const dialog =
      outgoing.dialog ?? (isInvite && status > 100 && status < 200 ? this.#dialogs.early(outgoing, response) : null);
    if (isInvite && dialog !== null && !acknowledgeProvisional(this, outgoing, dialog, response)) return;
    if (status >= 200) dialog?.offers.answered(outgoing, status, hasSdp(response));
    if (status >= 200) this.#settle(outgoing, status);
    if (outgoing.message.method === 'UPDATE' && status >= 200 && status < 300 && dialog !== null) {
      dialog.state = refreshTarget(dialog.state, response);
      this.#followSession(outgoing, dialog, response);
    }
    events.response(response, dialog);
  }

  #receiveOk(outgoing: Outgoing, response: SipResponse, events: ClientEvents): void {
    const tag = tagOf(headerOf(response, 'to')) ?? '';
    if (outgoing.acceptedTag !== null) {
      // Also when the dialog has ended since, or the peer would repeat it for 32 s.
      const last = tag === outgoing.acceptedTag ? (outgoing.accepted?.lastAck ?? null) : null;
      if (last !== null && last.sequence === cseqOf(response)?.number)
        this.#context.layer.sendStateless(last.request, last.hop, true);
      else if (tag !== outgoing.acceptedTag) {
        // One callee is enough (13.2.2.4).
        const fork = this.#dialogs.forked(outgoing, response);
        if (fork !== null) this.#ackAndEnd(fork, 'Answered elsewhere');
      }
      return;
    }
    outgoing.acceptedTag = tag;
    let { dialog } = outgoing;
    if (dialog?.isEnded === true) {
      // A BYE crossed it: the peer only wants its ACK.
      outgoing.accepted = dialog;
      this.ack(dialog, { method: 'ACK', uri: 'sip:placeholder', headers: [], body: noBody }, () => {});
      events.response(response, dialog);
      return;
    }
    if (dialog !== null) {
      dialog.state = refreshTarget(dialog.state, response);
      this.#settle(outgoing, response.status);
    } else {
      dialog = this.#dialogs.accepted(outgoing, response);
    }
    outgoing.accepted = dialog;
    if (dialog !== null) {
      dialog.offers.answered(outgoing, response.status, hasSdp(response));
      dialog.isAckDue = true;
      this.#followSession(outgoing, dialog, response);
    }
    if (outgoing.isOrphan) {
      if (dialog !== null) this.#ackAndEnd(dialog, 'The caller is gone');
      return;
    }
    events.response(response, dialog);
  }

  #followSession({ message }: Outgoing, dialog: Dialog, response: SipResponse): void {
    if (hasSdp(message)) dialog.localSdp = message.body;
    const session = agreeAsClient(response);
    this.sessions.restart(dialog, session, session?.refresher === 'uac', response);
  }

  /** 422: the same request again with the interval that the peer wants (RFC 4028 section 7.4); false when that does not help. */
  #askForLonger(outgoing: Outgoing, response: SipResponse, events: ClientEvents): boolean {
    const { dialog, message } = outgoing;
    const minSeconds = minSessionOf(response);
    if (minSeconds === null || outgoing.sessionRetries >= SESSION_RETRIES || outgoing.wantsCancel) return false;
    const sequence = dialog === null ? (cseqOf(message)?.number ?? 0) + 1 : nextSequence(dialog, message.method);
    const transport = this.#context.transportFor(outgoing.hop.protocol, outgoing.hop.address);
    if (transport === undefined) return false;
    dialog?.offers.answered(outgoing, response.status, false);
    const longer = withLongerSession(message, minSeconds, sequence);
    outgoing.sessionRetries++;
    outgoing.message = withVia(longer, transport, `z9hG4bK${this.#context.newId()}`);
    this.#send(outgoing, events);
    return true;
  }

  /** The transaction has its final outcome: what does that mean for the dialog (12.2.1.2, 14.1, 15.1.1)? */
  #settle(outgoing: Outgoing, status: number): void {
    const { message, dialog } = outgoing;
    if (dialog === null) {
      if (message.method === 'INVITE' && status >= 300) this.#dialogs.dropEarly(outgoing, null);
      return;
    }
    if (message.method === 'BYE' && (status === 401 || status === 407)) {
      // Whoever has the password asks again; if nobody does, the dialog must not stay.
      dialog.startTimer('bye', TRANSACTION_TIMEOUT_MS, () => this.#remove(dialog));
    } else if (message.method === 'BYE') this.#remove(dialog);
    else if ((status === 481 || status === 408) && message.method !== 'PRACK')
      this.endDialog(dialog, status, 'The dialog is gone at the peer');
  }

  #ackAndEnd(dialog: Dialog, text: string): void {
    const draft: Draft = { method: 'ACK', uri: dialog.state.remoteTarget, headers: [], body: noBody };
    this.ack(dialog, draft, () => this.endDialog(dialog, 200, text));
  }

  #remove(dialog: Dialog): void {
    dialog.isEnded = true;
    this.#context.dialogs.remove(dialog);
  }

  #cancelIfPossible(outgoing: Outgoing): void {
    const { transaction } = outgoing;
    if (!outgoing.wantsCancel || outgoing.isCancelled || transaction === null || !transaction.isProceeding) return;
    outgoing.isCancelled = true;
    this.#context.layer.cancel(transaction);
  }
}

/** Takes the next CSeq of a dialog. */
function nextSequence(dialog: Dialog, method: string): number {
  const sequence = dialog.state.localSequence + 1;
  dialog.state = { ...dialog.state, localSequence: sequence };
  if (method === 'INVITE') dialog.inviteSequence = sequence;
  return sequence;
}
