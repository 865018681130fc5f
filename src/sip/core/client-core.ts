import { type DialogState, dialogOfClient, refreshTarget, requestParts } from '../dialog/dialog-state.ts';
import { agreeAsClient, MIN_SESSION_SECONDS, SESSION_SECONDS, supports } from '../dialog/session-timer.ts';
import { tagOf } from '../message/address.ts';
import { callIdOf, cseqOf, headerOf, noBody, type SipRequest, type SipResponse } from '../message/message.ts';
import { writeMessage } from '../message/writer.ts';
import { type ClientTransaction, cancelOf } from '../transaction/client-transaction.ts';
import type { Hop } from '../transport/transport.ts';
import { SAFE_DATAGRAM_BYTES } from '../transport/udp.ts';
import type { CoreContext } from './core.ts';
import { Dialog } from './dialog.ts';
import { parseRseq } from './reliable-provisional.ts';
import { buildDialogRequest, buildRequest, type Draft, withContact, withVia } from './request.ts';
import { startsWithSdp } from './response.ts';
import type { RouteFinder } from './route-finder.ts';
import { SessionKeeper } from './session-keeper.ts';

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

interface Outgoing extends OutgoingRequest {
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
}

/** The asking half of the core: RFC 3261 8.1, 9.1, 12.2.1, 13.2, 14.1 and 15.1.1. */
export class ClientCore {
  readonly #context: CoreContext;
  readonly #routes: RouteFinder;
  readonly #outgoing = new Map<string, Outgoing>();
  readonly sessions: SessionKeeper;

  constructor(context: CoreContext, routes: RouteFinder) {
    this.#context = context;
    this.#routes = routes;
    this.sessions = new SessionKeeper(context, this);
  }

  request(draft: Draft, options: ClientRequestOptions, events: ClientEvents): void {
    const { dialog = null, proxy = null, owner } = options;
    const { newId, hostPort, contactOn } = this.#context;
    let message: SipRequest;
    if (dialog === null) message = buildRequest(withSession(draft, null), newId, hostPort);
    else {
      const sequence = dialog.state.localSequence + 1;
      dialog.state = { ...dialog.state, localSequence: sequence };
      if (draft.method === 'INVITE') dialog.inviteSequence = sequence;
      message = buildDialogRequest(withSession(draft, dialog), requestParts(dialog.state, draft.method, sequence));
    }
    this.#routes.find(message, { proxy, flow: dialog?.flow ?? null }, (route) => {
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
      };
      this.#send(outgoing, events);
    });
  }

  /** ACK of the dialog's last 2xx (13.2.2.4): no transaction; it is kept and sent again when the 2xx comes again. null: no route. */
  ack(dialog: Dialog, draft: Draft, done: (sent: OutgoingRequest | null) => void): void {
    const sequence = dialog.inviteSequence;
    dialog.isAckDue = false;
    const message = buildDialogRequest(draft, requestParts(dialog.state, 'ACK', sequence));
    this.#routes.find(message, { proxy: null, flow: dialog.flow }, (route) => {
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
    const datagram = { message, hop: outgoing.hop };
    const isStreamed = this.#preferStream(outgoing);
    events.sent(outgoing);
    this.#start(outgoing, events, (why) => {
      if (!isStreamed || why !== 'transport') return false;
      // The peer has no TCP: it goes by UDP after all (18.1.1).
      Object.assign(outgoing, datagram);
      this.#start(outgoing, events, () => false);
      return true;
    });
  }

  #start(outgoing: Outgoing, events: ClientEvents, retry: (why: 'timeout' | 'transport') => boolean): void {
    const transaction: ClientTransaction = this.#context.layer.send(outgoing.message, outgoing.hop, {
      response: (response) => this.#receive(outgoing, response, events),
      failed: (why) => {
        if (retry(why)) return;
        this.#settle(outgoing, 408);
        events.failed(why);
      },
      ended: () => {
        if (outgoing.transaction === transaction) this.#outgoing.delete(outgoing.id);
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
    if (isInvite && dialog !== null && !this.#acknowledgeProvisional(outgoing, dialog, response)) return;
    if (status >= 200) this.#settle(outgoing, status);
    if (outgoing.message.method === 'UPDATE' && status >= 200 && status < 300 && dialog !== null) {
      dialog.state = refreshTarget(dialog.state, response);
      this.#followSession(outgoing, dialog, response);
    }
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
    if (dialog !== null) {
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
    if (startsWithSdp(message.body)) dialog.localSdp = message.body;
    const session = agreeAsClient(response);
    this.sessions.restart(dialog, session, session?.refresher === 'uac', response);
  }

  /** PRACKs a reliable provisional response (RFC 3262 section 4); false for one that came again or out of order. */
  #acknowledgeProvisional(outgoing: Outgoing, dialog: Dialog, response: SipResponse): boolean {
    const { status } = response;
    const rseq = parseRseq(headerOf(response, 'rseq'));
    if (status <= 100 || status >= 200 || rseq === null || !supports(response, '100rel')) return true;
    if (dialog.remoteRseq !== null && rseq !== dialog.remoteRseq + 1) return false;
    dialog.remoteRseq = rseq;
    const rack = { name: 'rack', value: `${rseq} ${cseqOf(outgoing.message)?.number ?? 0} INVITE` };
    const draft: Draft = { method: 'PRACK', uri: 'sip:placeholder', headers: [rack], body: noBody };
    const ignored = { sent: () => {}, refused: () => {}, response: () => {}, failed: () => {} };
    this.request(draft, { owner: outgoing.owner, dialog }, ignored);
    return true;
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
    else if ((status === 481 || status === 408) && message.method !== 'PRACK')
      this.endDialog(dialog, status, 'The dialog is gone at the peer');
  }

  #early(outgoing: Outgoing, response: SipResponse): Dialog | null {
    const state = dialogOfClient(outgoing.message, response);
    return state === null ? null : this.#dialogOf(outgoing, state);
  }

  #dialogOf(outgoing: Outgoing, state: DialogState): Dialog {
    const { dialogs, contactOn, clock } = this.#context;
    const flow = outgoing.transaction?.answeredFrom ?? null;
    const known = dialogs.byTags(state.callId, state.localTag, state.remoteTag);
    if (known !== undefined) {
      const { localSequence, remoteSequence } = known.state;
      known.state = { ...state, localSequence: Math.max(localSequence, state.localSequence), remoteSequence };
      return known;
    }
    const id = `${state.callId};from-tag=${state.localTag}`;
    const contact = contactOn(outgoing.hop, outgoing.message.uri.toLowerCase().startsWith('sips:'));
    const dialog = new Dialog(id, outgoing.owner, contact, state, clock);
    dialog.flow = flow?.connection === undefined ? null : flow;
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
    const { contactOn, clock } = this.#context;
    const fork = new Dialog(`fork;${state.remoteTag}`, {}, contactOn(outgoing.hop), state, clock);
    this.#ackAndEnd(fork, 'Answered elsewhere');
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

/** Session-Expires of an INVITE or UPDATE of ours (RFC 4028 section 7.1, 7.4): who refreshes stays as agreed. */
function withSession(draft: Draft, dialog: Dialog | null): Draft {
  if (draft.method !== 'INVITE' && draft.method !== 'UPDATE') return draft;
  if (draft.headers.some(({ name }) => name === 'session-expires')) return draft;
  const agreed = dialog?.session ?? null;
  if (dialog !== null && agreed === null) return draft;
  const { seconds, isOurTask } = agreed ?? { seconds: SESSION_SECONDS, isOurTask: true };
  const headers = [
    ...draft.headers,
    { name: 'session-expires', value: `${seconds};refresher=${isOurTask ? 'uac' : 'uas'}` },
    { name: 'min-se', value: String(MIN_SESSION_SECONDS) },
    ...(draft.method === 'UPDATE' ? [{ name: 'supported', value: 'timer' }] : []),
  ];
  return { ...draft, headers };
}
