import { type DialogState, dialogOfClient, refreshTarget, requestParts } from '../dialog/dialog-state.ts';
import { tagOf } from '../message/address.ts';
import { callIdOf, cseqOf, headerOf, noBody, type SipRequest, type SipResponse } from '../message/message.ts';
import { type ClientTransaction, cancelOf } from '../transaction/client-transaction.ts';
import type { Hop } from '../transport/transport.ts';
import type { CoreContext } from './core.ts';
import { Dialog } from './dialog.ts';
import { buildDialogRequest, buildRequest, type Draft, withVia } from './request.ts';
import type { RouteFinder } from './route-finder.ts';

export interface OutgoingRequest {
  readonly id: string;
  readonly message: SipRequest;
  readonly hop: Hop;
}

export interface ClientEvents {
  /** It is on its way. */
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

interface Outgoing extends OutgoingRequest {
  readonly owner: object;
  readonly dialog: Dialog | null;
  transaction: ClientTransaction | null;
  wantsCancel: boolean;
  isCancelled: boolean;
  /** The owner is gone: a 2xx is acknowledged and hung up at once. */
  isOrphan: boolean;
  /** The remote tag of the 2xx that was passed on. */
  acceptedTag: string | null;
}

/** The asking half of the core: RFC 3261 8.1, 9.1, 12.2.1, 13.2, 14.1 and 15.1.1. */
export class ClientCore {
  readonly #context: CoreContext;
  readonly #routes: RouteFinder;
  readonly #outgoing = new Map<string, Outgoing>();

  constructor(context: CoreContext, routes: RouteFinder) {
    this.#context = context;
    this.#routes = routes;
  }

  request(draft: Draft, options: ClientRequestOptions, events: ClientEvents): void {
    const { dialog = null, proxy = null, owner } = options;
    const { newId, contact, hostPort } = this.#context;
    let message: SipRequest;
    if (dialog === null) message = buildRequest(draft, contact, newId, hostPort);
    else {
      const sequence = dialog.state.localSequence + 1;
      dialog.state = { ...dialog.state, localSequence: sequence };
      if (draft.method === 'INVITE') dialog.inviteSequence = sequence;
      message = buildDialogRequest(draft, dialog.contact, requestParts(dialog.state, draft.method, sequence));
    }
    this.#routes.find(message, proxy, (route) => {
      if (typeof route === 'string') {
        events.refused(route);
        return;
      }
      const { transport, hop } = route;
      if (hop.address === transport.local.address && hop.port === transport.local.port) {
        events.refused('can not send request to myself');
        return;
      }
      const outgoing: Outgoing = {
        id: newId(),
        message: withVia(message, transport, `z9hG4bK${newId()}`),
        hop,
        owner,
        dialog,
        transaction: null,
        wantsCancel: false,
        isCancelled: false,
        isOrphan: false,
        acceptedTag: null,
      };
      this.#send(outgoing, events);
    });
  }

  /** ACK of the dialog's last 2xx (13.2.2.4): no transaction; it is kept and sent again when the 2xx comes again. null: no route. */
  ack(dialog: Dialog, draft: Draft, done: (sent: OutgoingRequest | null) => void): void {
    const sequence = dialog.inviteSequence;
    dialog.isAckDue = false;
    const message = buildDialogRequest(draft, dialog.contact, requestParts(dialog.state, 'ACK', sequence));
    this.#routes.find(message, null, (route) => {
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
  cancel(id: string): SipRequest | null {
    const outgoing = this.#outgoing.get(id);
    if (outgoing === undefined || outgoing.transaction?.isFinal === true) return null;
    outgoing.wantsCancel = true;
    this.#cancelIfPossible(outgoing);
    return cancelOf(outgoing.message);
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
        sent: (request) => {
          bye = request.message;
        },
        refused: () => {},
        response: () => {},
        failed: () => {},
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
    const isOffer = message.method === 'INVITE' || message.method === 'UPDATE';
    if (isOffer && dialog !== null) dialog.isOfferPendingToPeer = true;
    events.sent(outgoing);
    outgoing.transaction = this.#context.layer.send(message, outgoing.hop, {
      response: (response) => this.#receive(outgoing, response, events),
      failed: (why) => {
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
    const dialog =
      outgoing.dialog ?? (isInvite && status > 100 && status < 200 ? this.#early(outgoing, response) : null);
    if (status >= 200) this.#settle(outgoing, status);
    if (outgoing.message.method === 'UPDATE' && status >= 200 && status < 300 && dialog !== null)
      dialog.state = refreshTarget(dialog.state, response);
    events.response(response, dialog);
  }

  #receiveOk(outgoing: Outgoing, response: SipResponse, events: ClientEvents): void {
    const { dialogs } = this.#context;
    const tag = tagOf(headerOf(response, 'to')) ?? '';
    if (outgoing.acceptedTag !== null) {
      const localTag = tagOf(headerOf(outgoing.message, 'from')) ?? '';
      const known =
        dialogs.byTags(callIdOf(response), localTag, tag) ?? (tag === outgoing.acceptedTag ? outgoing.dialog : null);
      const last = known?.lastAck ?? null;
      if (last !== null && last.sequence === cseqOf(response)?.number)
        this.#context.layer.sendStateless(last.request, last.hop, true);
      else if (tag !== outgoing.acceptedTag) this.#hangUpFork(outgoing, response);
      return;
    }
    outgoing.acceptedTag = tag;
    let { dialog } = outgoing;
    if (dialog !== null) {
      dialog.state = refreshTarget(dialog.state, response);
      this.#settle(outgoing, response.status);
    } else {
      this.#dropEarly(outgoing, tag);
      const state = dialogOfClient(outgoing.message, response);
      dialog = state === null ? null : this.#dialogOf(outgoing, state);
    }
    if (dialog !== null) dialog.isAckDue = true;
    if (outgoing.isOrphan) {
      if (dialog !== null) this.#ackAndEnd(dialog, 'The caller is gone');
      return;
    }
    events.response(response, dialog);
  }

  /** The transaction has its final outcome: what does that mean for the dialog (12.2.1.2, 14.1, 15.1.1)? */
  #settle(outgoing: Outgoing, status: number): void {
    const { message, dialog } = outgoing;
    if (dialog === null) {
      if (message.method === 'INVITE' && status >= 300) this.#dropEarly(outgoing, null);
      return;
    }
    if (message.method === 'INVITE' || message.method === 'UPDATE') dialog.isOfferPendingToPeer = false;
    if (message.method === 'BYE' && status !== 401 && status !== 407) this.#remove(dialog);
    else if (status === 481 || status === 408) this.endDialog(dialog, status, 'The dialog is gone at the peer');
  }

  #early(outgoing: Outgoing, response: SipResponse): Dialog | null {
    const state = dialogOfClient(outgoing.message, response);
    return state === null ? null : this.#dialogOf(outgoing, state);
  }

  #dialogOf(outgoing: Outgoing, state: DialogState): Dialog {
    const { dialogs, contact, clock } = this.#context;
    const known = dialogs.byTags(state.callId, state.localTag, state.remoteTag);
    if (known !== undefined) {
      const { localSequence, remoteSequence } = known.state;
      known.state = { ...state, localSequence: Math.max(localSequence, state.localSequence), remoteSequence };
      return known;
    }
    const id = `${state.callId};from-tag=${state.localTag}`;
    const dialog = new Dialog(id, outgoing.owner, contact, state, clock);
    dialogs.add(dialog);
    return dialog;
  }

  /** Early dialogs of an INVITE end with its final response, but for the one that was accepted. */
  #dropEarly(outgoing: Outgoing, acceptedTag: string | null): void {
    const callId = callIdOf(outgoing.message);
    const localTag = tagOf(headerOf(outgoing.message, 'from'));
    for (const dialog of this.#context.dialogs.ofOwner(outgoing.owner)) {
      const { state } = dialog;
      if (state.callId === callId && state.localTag === localTag && state.phase === 'early')
        if (state.remoteTag !== acceptedTag) this.#context.dialogs.remove(dialog);
    }
  }

  /** A second callee accepted (a proxy forked): one is enough (13.2.2.4). */
  #hangUpFork(outgoing: Outgoing, response: SipResponse): void {
    const state = dialogOfClient(outgoing.message, response);
    if (state === null) return;
    const { contact, clock } = this.#context;
    this.#ackAndEnd(new Dialog(`fork;${state.remoteTag}`, {}, contact, state, clock), 'Answered elsewhere');
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
