import { acceptSequence, dialogOfServer, refreshTarget } from '../dialog/dialog-state.ts';
import { agreeAsServer, type Session, supports } from '../dialog/session-timer.ts';
import { tagOf } from '../message/address.ts';
import {
  callIdOf,
  cseqOf,
  type Header,
  headerOf,
  listOf,
  type SipRequest,
  type SipResponse,
} from '../message/message.ts';
import type { SipSyntaxError } from '../message/syntax-error.ts';
import { writeMessage } from '../message/writer.ts';
import type { ServerTransaction } from '../transaction/server-transaction.ts';
import { responseHop, stampVia } from '../transport/routing.ts';
import type { Hop, Transport } from '../transport/transport.ts';
import type { ClientCore } from './client-core.ts';
import type { CoreContext } from './core.ts';
import { Dialog } from './dialog.ts';
import type { Answer, IncomingRequest } from './incoming-request.ts';
import { ReliableProvisionals } from './reliable-provisional.ts';
import { checkBodies, checkContact, checkRequire, isOffering } from './request-checks.ts';
import { buildResponse, startsWithSdp } from './response.ts';
import type { SessionKeeper } from './session-keeper.ts';

/** An application that never answers must not keep a caller waiting (drachtio-server's CLIENT_TIMEOUT). */
const APPLICATION_TIMEOUT_MS = 64_000;

/** Requests that mean nothing outside of a dialog (12.2.2). */
const onlyInDialog = new Set(['BYE', 'INFO', 'UPDATE', 'PRACK']);

/** A random start is asked for only where the sequence could be guessed; ours runs inside one transaction (RFC 3262 section 3). */
const FIRST_RSEQ = 1;

const schemes = new Set(['sip', 'sips', 'tel']);

/** The answering half of the core: RFC 3261 8.2, 12.2.2, 13.3, 14.2, 15.1.2 and 9.2. */
export class ServerCore {
  readonly #context: CoreContext;
  readonly #client: ClientCore;
  readonly #sessions: SessionKeeper;
  readonly #pending = new Map<ServerTransaction, IncomingRequest>();

  constructor(context: CoreContext, client: ClientCore) {
    this.#context = context;
    this.#client = client;
    this.#sessions = client.sessions;
    context.counters.gauge('requests_unanswered', () => this.#pending.size);
  }

  receive(transaction: ServerTransaction): void {
    const { clock, newId, user, dialogs } = this.#context;
    const message = transaction.request;
    const request: IncomingRequest = {
      id: newId(),
      message,
      from: transaction.from,
      transaction,
      dialog: null,
      toTag: newId(),
      owner: null,
      isAnswered: false,
      lastResponse: null,
      provisionals: null,
      guard: null,
      onAnswered: null,
    };
    if (message.method === 'CANCEL') {
      this.#receiveCancel(request);
      return;
    }
    this.#pending.set(transaction, request);
    const refusal = tagOf(headerOf(message, 'to')) === undefined ? this.#checkNew(request) : this.#checkInside(request);
    if (refusal !== null) {
      this.respond(request, refusal);
      return;
    }
    if (message.method === 'INVITE') this.respond(request, { status: 100, reason: 'Trying' });
    request.guard = clock.after(APPLICATION_TIMEOUT_MS, () =>
      this.respond(request, { status: 504, reason: 'Server Time-out' }),
    );
    if (message.method === 'BYE' && request.dialog !== null) {
      const { dialog } = request;
      this.#refusePending(dialog, request);
      if (dialog.state.phase === 'early') {
        this.respond(request, { status: 200, reason: 'OK' });
        return;
      }
      dialogs.remove(dialog);
      dialog.isEnded = true;
    }
    if (message.method === 'PRACK') this.#receivePrack(request);
    else user.request(request);
  }

  receiveAck(ack: SipRequest, from: Hop): void {
    const { dialogs, user, counters } = this.#context;
    const dialog = dialogs.ofRequest(ack);
    const inviteId = dialog?.acknowledge(cseqOf(ack)?.number ?? 0) ?? null;
    if (dialog === undefined || inviteId === null) counters.increment('dropped_ack');
    else user.ack(dialog, ack, from, inviteId);
  }

  /** Sends an answer; null when a final one was sent before. Makes, confirms or drops the dialog of an INVITE. */
  respond(request: IncomingRequest, answer: Answer): SipResponse | null {
    if (request.isAnswered) return null;
    const { message } = request;
    if (answer.toTag !== undefined && request.lastResponse === null) request.toTag = answer.toTag;
    this.#followInvite(request, answer.status);
    const contact = request.dialog?.contact ?? this.#contactFor(request);
    if (this.#isReliable(request, answer)) return this.#respondReliably(request, answer, contact);
    const session = this.#agreeOnSession(request, answer);
    const response = buildResponse(message, withSession(answer, session), request.toTag, contact);
    if (answer.status > 100) request.lastResponse = response;
    if (answer.status >= 200) this.#finish(request);
    request.transaction.respond(response);
    const { dialog } = request;
    if (dialog !== null) this.#followSession(request, dialog, session, response);
    if (message.method === 'INVITE' && answer.status >= 200 && answer.status < 300 && dialog !== null)
      this.#guard(request, dialog, response);
    return response;
  }

  /** A 400 (or 505) to a request that does not parse, without a transaction. */
  refuseUnreadable(error: SipSyntaxError, from: Hop, transport: Transport): void {
    this.#context.log.debug({ code: error.code, source: from.address }, 'unreadable SIP message');
    if (error.answerable === null) return;
    const request = stampVia(error.answerable, from);
    const response = buildResponse(request, error.status, this.#context.newId(), this.#context.contactOn(from));
    this.#context.counters.increment('responses_out_4xx');
    transport.send(writeMessage(response), responseHop(request, from), () => {});
  }

  releaseOwner(owner: object): void {
    for (const request of [...this.#pending.values()]) {
      if (request.owner !== owner) continue;
      const { method } = request.message;
      if (method === 'BYE') this.respond(request, { status: 200, reason: 'OK' });
      else this.respond(request, { status: 503, reason: 'Service Unavailable' });
    }
  }

  close(): void {
    for (const request of this.#pending.values()) {
      request.guard?.cancel();
      request.provisionals?.stop();
    }
    this.#pending.clear();
  }

  #checkNew(request: IncomingRequest): Answer | null {
    const { message, transaction } = request;
    if (tagOf(headerOf(message, 'from')) === undefined) return { status: 400, reason: 'Missing From Tag' };
    if (onlyInDialog.has(message.method)) return { status: 481, reason: 'Call/Transaction Does Not Exist' };
    if (this.#context.layer.hasMerged(transaction)) return { status: 482, reason: 'Loop Detected' };
    if (!schemes.has(message.uri.slice(0, message.uri.indexOf(':')).toLowerCase()))
      return { status: 416, reason: 'Unsupported URI Scheme' };
    const refusal = this.#context.authenticator?.check(message, request.from) ?? checkRequire(message);
    return refusal ?? (message.method === 'INVITE' ? (checkContact(message) ?? checkBodies(message)) : null);
  }

  #checkInside(request: IncomingRequest): Answer | null {
    const { message } = request;
    const dialog = this.#context.dialogs.ofRequest(message);
    if (dialog === undefined) return { status: 481, reason: 'Call/Transaction Does Not Exist' };
    const state = acceptSequence(dialog.state, message);
    if (state === null) return { status: 500, reason: 'CSeq Out of Order' };
    dialog.state = state;
    this.#follow(dialog, request.from);
    request.dialog = dialog;
    const isOffer = message.method === 'INVITE' || message.method === 'UPDATE';
    if (isOffer) {
      const retryAfter = [{ name: 'retry-after', value: '2' }];
      if (dialog.isOfferPendingToPeer) return { status: 491, reason: 'Request Pending' };
      if (dialog.offerFromPeer !== null) return { status: 500, reason: 'Previous Offer Pending', headers: retryAfter };
    }
    const refusal = checkRequire(message);
    if (refusal === null && isOffer) dialog.offerFromPeer = request;
    return refusal;
  }

  #receiveCancel(cancel: IncomingRequest): void {
    const { layer, user } = this.#context;
    const transaction = layer.inviteOf(cancel.message);
    const invite = transaction === undefined ? undefined : this.#pending.get(transaction);
    if (transaction === undefined) {
      this.respond(cancel, { status: 481, reason: 'Call/Transaction Does Not Exist' });
      return;
    }
    this.respond(cancel, { status: 200, reason: 'OK' });
    if (invite === undefined) return;
    this.respond(invite, { status: 487, reason: 'Request Terminated' });
    user.cancelled(invite, cancel.message);
  }

  /** The peer hangs up: what it asked before is answered 487 (15.1.2). */
  #refusePending(dialog: Dialog, bye: IncomingRequest): void {
    for (const request of [...this.#pending.values()]) {
      if (request.dialog !== dialog || request === bye) continue;
      this.respond(request, { status: 487, reason: 'Request Terminated' });
      if (dialog.state.phase === 'early') this.#context.user.cancelled(request, bye.message);
    }
  }

  #followInvite(request: IncomingRequest, status: number): void {
    const { message, dialog } = request;
    const { dialogs, clock } = this.#context;
    if (message.method !== 'INVITE' && message.method !== 'UPDATE') return;
    const isNew = tagOf(headerOf(message, 'to')) === undefined;
    if (isNew && dialog === null && status > 100 && status < 300 && request.owner !== null) {
      const state = dialogOfServer(message, request.toTag, status < 200 ? 'early' : 'confirmed');
      if (state === null) return;
      const id = `${callIdOf(message)};from-tag=${state.remoteTag}`;
      request.dialog = new Dialog(id, request.owner, this.#contactFor(request), state, clock);
      this.#follow(request.dialog, request.from);
      dialogs.add(request.dialog);
    } else if (dialog !== null && status >= 200) {
      if (dialog.offerFromPeer === request) dialog.offerFromPeer = null;
      if (status < 300) {
        dialog.state = { ...dialog.state, phase: 'confirmed' };
        if (!isNew) dialog.state = refreshTarget(dialog.state, message);
      } else if (isNew) dialogs.remove(dialog);
    }
  }

  #guard(request: IncomingRequest, dialog: Dialog, response: SipResponse): void {
    dialog.guardOk(
      cseqOf(request.message)?.number ?? 0,
      request.id,
      () => {
        this.#context.counters.increment('retransmissions_out');
        request.transaction.respondAgain(response);
      },
      () => {
        this.#context.counters.increment('failed_ack');
        this.#client.endDialog(dialog, 200, 'ACK timeout');
      },
    );
  }

  #agreeOnSession({ message }: IncomingRequest, { status }: Answer): Session | null {
    if (!isOffering(message.method) || status < 200 || status >= 300) return null;
    const session = agreeAsServer(message);
    return session === 'tooSmall' ? null : session;
  }

  #followSession(request: IncomingRequest, dialog: Dialog, session: Session | null, response: SipResponse): void {
    const { message } = request;
    if (!isOffering(message.method) || response.status < 200 || response.status >= 300) return;
    if (startsWithSdp(response.body)) dialog.localSdp = response.body;
    this.#sessions.restart(dialog, session, session?.refresher === 'uas', message);
  }

  /** Where the caller requires it or the application says so, a provisional response is repeated until its PRACK (RFC 3262 section 3). */
  #isReliable({ message, dialog }: IncomingRequest, { status, headers = [] }: Answer): boolean {
    if (message.method !== 'INVITE' || status <= 100 || status >= 200 || dialog === null) return false;
    const isAsked = headers.some(({ name, value }) => name === 'require' && value.toLowerCase().includes('100rel'));
    const requires = listOf(message, 'require').some((option) => option.toLowerCase() === '100rel');
    return requires || (isAsked && supports(message, '100rel'));
  }

  #respondReliably(request: IncomingRequest, answer: Answer, contact: string): SipResponse {
    const { clock, counters } = this.#context;
    const build = (rseq: number) => {
      const own = (answer.headers ?? []).filter(({ name }) => name !== 'require');
      const headers = [...own, { name: 'require', value: '100rel' }, { name: 'rseq', value: String(rseq) }];
      return buildResponse(request.message, { ...answer, headers }, request.toTag, contact);
    };
    request.provisionals ??= new ReliableProvisionals(clock, FIRST_RSEQ, () =>
      this.respond(request, { status: 504, reason: 'Server Time-out' }),
    );
    const response = build(FIRST_RSEQ);
    request.lastResponse = response;
    request.provisionals.add((rseq) => {
      const sent = build(rseq);
      if (startsWithSdp(sent.body) && request.dialog !== null) request.dialog.localSdp = sent.body;
      request.transaction.respond(sent);
      return () => {
        counters.increment('retransmissions_out');
        request.transaction.respondAgain(sent);
      };
    });
    return response;
  }

  #receivePrack(prack: IncomingRequest): void {
    const { dialog, message } = prack;
    const invite = [...this.#pending.values()].find((each) => each.dialog === dialog && each.provisionals !== null);
    const number = invite === undefined ? 0 : (cseqOf(invite.message)?.number ?? 0);
    const rack = headerOf(message, 'rack') ?? '';
    const isKnown = invite?.provisionals?.acknowledge(rack, number) === true;
    // An offer in a PRACK would want an answer that nobody has yet; the caller may make it again by UPDATE.
    if (!isKnown) this.respond(prack, { status: 481, reason: 'Call/Transaction Does Not Exist' });
    else if (message.body.length > 0) this.respond(prack, { status: 488, reason: 'Not Acceptable Here' });
    else this.respond(prack, { status: 200, reason: 'OK' });
  }

  #contactFor({ from, message }: IncomingRequest): string {
    return this.#context.contactOn(from, message.uri.toLowerCase().startsWith('sips:'));
  }

  #follow(dialog: Dialog, from: Hop): void {
    if (from.connection !== undefined) dialog.flow = from;
  }

  #finish(request: IncomingRequest): void {
    request.isAnswered = true;
    request.guard?.cancel();
    request.provisionals?.stop();
    this.#pending.delete(request.transaction);
    request.onAnswered?.();
  }
}

/** Session-Expires of a 2xx; the peer must refresh where it can (RFC 4028 section 9: Require says so). */
function withSession(answer: Answer, session: Session | null): Answer {
  if (session === null) return answer;
  const { seconds, refresher } = session;
  const own: Header[] = [{ name: 'session-expires', value: `${seconds};refresher=${refresher}` }];
  if (refresher === 'uac') own.push({ name: 'require', value: 'timer' });
  return { ...answer, headers: [...(answer.headers ?? []), ...own] };
}
