import { agreeAsServer, type Session } from '../dialog/session-timer.ts';
import { tagOf } from '../message/address.ts';
import { cseqOf, headerOf, isDigit, type SipRequest, type SipResponse } from '../message/message.ts';
import type { SipSyntaxError } from '../message/syntax-error.ts';
import { writeMessage } from '../message/writer.ts';
import type { ServerTransaction } from '../transaction/server-transaction.ts';
import { responseHop, stampVia } from '../transport/routing.ts';
import type { Hop, Transport } from '../transport/transport.ts';
import type { ClientCore } from './client-core.ts';
import type { CoreContext } from './core.ts';
import type { Dialog } from './dialog.ts';
import type { Answer, IncomingRequest } from './incoming-request.ts';
import type { ReliableProvisionals } from './reliable-provisional.ts';
import { checkNew, isOffering } from './request-checks.ts';
import { buildResponse, startsWithSdp } from './response.ts';
import { ServerDialogs } from './server-dialogs.ts';
import { ServerProvisionals, withoutReliability } from './server-provisionals.ts';
import { grantSession } from './session-headers.ts';
import type { SessionKeeper } from './session-keeper.ts';

/** An application that never answers must not keep a caller waiting (drachtio-server's CLIENT_TIMEOUT). */
const APPLICATION_TIMEOUT_MS = 64_000;

/** The answering half of the core: RFC 3261 8.2, 12.2.2, 13.3, 14.2, 15.1.2 and 9.2. */
export class ServerCore {
  readonly #context: CoreContext;
  readonly #client: ClientCore;
  readonly #sessions: SessionKeeper;
  readonly #dialogs: ServerDialogs;
  readonly #provisionals: ServerProvisionals;
  readonly #pending = new Map<ServerTransaction, IncomingRequest>();

  constructor(context: CoreContext, client: ClientCore) {
    this.#context = context;
    this.#client = client;
    this.#sessions = client.sessions;
    this.#dialogs = new ServerDialogs(context);
    this.#provisionals = new ServerProvisionals(
      context,
      (request, answer) => this.respond(request, answer),
      (invite) => this.#end(invite, { status: 504, reason: 'Server Time-out' }, invite.message),
    );
    context.counters.gauge('requests_unanswered', () => this.#pending.size);
  }

  receive(transaction: ServerTransaction): void {
    const { clock, newId, user, dialogs, registrar } = this.#context;
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
      held: null,
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
    const isNew = tagOf(headerOf(message, 'to')) === undefined;
    const refusal = isNew ? checkNew(request, this.#context) : this.#dialogs.enter(request);
    if (refusal !== null) {
      this.respond(request, refusal);
      return;
    }
    if (isNew && message.method === 'REGISTER' && registrar !== null) {
      this.respond(request, registrar(message, request.from));
      return;
    }
    if (message.method === 'INVITE') this.respond(request, { status: 100, reason: 'Trying' });
    const expiresMs = isNew && message.method === 'INVITE' ? expiresAfterMs(message) : null;
    request.guard =
      expiresMs !== null && expiresMs < APPLICATION_TIMEOUT_MS
        ? clock.after(expiresMs, () => this.#takeBack(request, message))
        : clock.after(APPLICATION_TIMEOUT_MS, () => this.respond(request, { status: 504, reason: 'Server Time-out' }));
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
    if (message.method !== 'PRACK' || this.#provisionals.acknowledge(request)) user.request(request);
  }

  receiveAck(ack: SipRequest, from: Hop): void {
    const { dialogs, user, counters } = this.#context;
    const dialog = dialogs.ofRequest(ack);
    const inviteId = dialog?.acknowledge(cseqOf(ack)?.number ?? 0) ?? null;
    if (dialog === undefined || inviteId === null) counters.increment('dropped_ack');
    else {
      dialog.offers.acknowledged('peer');
      user.ack(dialog, ack, from, inviteId);
    }
  }

  /** Sends an answer; null when a final one was sent before. Makes, confirms or drops the dialog of an INVITE. */
  respond(request: IncomingRequest, answer: Answer): SipResponse | null {
    if (request.isAnswered || request.held !== null) return null;
    const { message } = request;
    const isOk = answer.status >= 200 && answer.status < 300;
    if (answer.toTag !== undefined && request.lastResponse === null) request.toTag = answer.toTag;
    if (isOk && request.provisionals?.holdsOk === true) return this.#hold(request, request.provisionals, answer);
    this.#dialogs.follow(request, answer.status);
    const contact = this.#dialogs.contactFor(request);
    if (this.#provisionals.isReliable(request, answer)) return this.#provisionals.send(request, answer, contact);
    const session = this.#agreeOnSession(request, answer);
    const own = answer.status < 200 ? withoutReliability(answer) : grantSession(answer, session);
    const response = buildResponse(message, own, request.toTag, contact);
    if (answer.status > 100) request.lastResponse = response;
    if (answer.status >= 200) this.#finish(request);
    request.transaction.respond(response);
    const { dialog } = request;
    if (answer.status >= 200) dialog?.offers.answered(request, answer.status, startsWithSdp(response.body));
    if (dialog !== null) this.#followSession(request, dialog, session, response);
    if (message.method === 'INVITE' && isOk && dialog !== null) this.#guard(request, dialog, response);
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

  #receiveCancel(cancel: IncomingRequest): void {
    const transaction = this.#context.layer.inviteOf(cancel.message);
    const invite = transaction === undefined ? undefined : this.#pending.get(transaction);
    if (transaction === undefined) {
      this.respond(cancel, { status: 481, reason: 'Call/Transaction Does Not Exist' });
      return;
    }
    // The same To tag as in the answer to the INVITE (9.2).
    cancel.toTag = transaction.toTag ?? invite?.toTag ?? cancel.toTag;
    this.respond(cancel, { status: 200, reason: 'OK' });
    if (invite !== undefined) this.#takeBack(invite, cancel.message);
  }

  /** The caller, or the time it gave in Expires, ends an INVITE that has no final answer (9.2, 13.3.1). */
  #takeBack(invite: IncomingRequest, why: SipRequest): void {
    this.#end(invite, { status: 487, reason: 'Request Terminated' }, why);
  }

  /** Refuses an INVITE whatever the application thinks of it, and tells it. */
  #end(invite: IncomingRequest, answer: Answer, why: SipRequest): void {
    const { dialog, held } = invite;
    invite.held = null;
    if (this.respond(invite, answer) === null) return;
    if (held !== null && dialog !== null) this.#context.user.ended(dialog, why);
    else this.#context.user.cancelled(invite, why);
  }

  /** The application has answered; the 2xx goes out with the PRACK of what went before (RFC 3262 section 3). */
  #hold(request: IncomingRequest, provisionals: ReliableProvisionals, answer: Answer): SipResponse {
    request.held = answer;
    provisionals.whenTaken(() => {
      request.held = null;
      this.respond(request, answer);
    });
    const own = grantSession(answer, this.#agreeOnSession(request, answer));
    return buildResponse(request.message, own, request.toTag, this.#dialogs.contactFor(request));
  }

  /** The peer hangs up: what it asked before is answered 487 (15.1.2). */
  #refusePending(dialog: Dialog, bye: IncomingRequest): void {
    for (const request of [...this.#pending.values()]) {
      if (request.dialog !== dialog || request === bye) continue;
      this.respond(request, { status: 487, reason: 'Request Terminated' });
      if (dialog.state.phase === 'early') this.#context.user.cancelled(request, bye.message);
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

  #finish(request: IncomingRequest): void {
    request.isAnswered = true;
    request.guard?.cancel();
    request.provisionals?.stop();
    this.#pending.delete(request.transaction);
    request.onAnswered?.();
  }
}

/** Expires of an INVITE: how long the caller waits for a final answer; null when it says nothing. */
function expiresAfterMs(invite: SipRequest): number | null {
  const value = headerOf(invite, 'expires') ?? '';
  return value === '' || value.length > 9 || ![...value].every(isDigit) ? null : Number(value) * 1_000;
}
