import { supports } from '../dialog/session-timer.ts';
import { cseqOf, headerOf, listOf, type SipResponse } from '../message/message.ts';
import { hasSdp } from '../message/sdp-body.ts';
import type { CoreContext } from './core.ts';
import type { Answer, IncomingRequest } from './incoming-request.ts';
import { ReliableProvisionals } from './reliable-provisional.ts';
import { buildResponse } from './response.ts';

/** A random start is asked for only where the sequence could be guessed; ours runs inside one transaction (RFC 3262 section 3). */
const FIRST_RSEQ = 1;

/** Provisional answers that the caller has to acknowledge by PRACK (RFC 3262 section 3). */
export class ServerProvisionals {
  readonly #context: CoreContext;
  readonly #respond: (request: IncomingRequest, answer: Answer) => void;
  readonly #giveUp: (request: IncomingRequest) => void;

  /** `giveUp` refuses an INVITE whose provisional answers get no PRACK. */
  constructor(
    context: CoreContext,
    respond: (request: IncomingRequest, answer: Answer) => void,
    giveUp: (request: IncomingRequest) => void,
  ) {
    this.#context = context;
    this.#respond = respond;
    this.#giveUp = giveUp;
  }

  /** Where the caller requires it, or the application says so and the caller can. */
  isReliable({ message, dialog }: IncomingRequest, { status, headers = [] }: Answer): boolean {
    if (message.method !== 'INVITE' || status <= 100 || status >= 200 || dialog === null) return false;
    const isAsked = headers.some(({ name, value }) => name === 'require' && value.toLowerCase().includes('100rel'));
    const requires = listOf(message, 'require').some((option) => option.toLowerCase() === '100rel');
    return requires || (isAsked && supports(message, '100rel'));
  }

  /** Sends it, now or when the one before has its PRACK. */
  send(request: IncomingRequest, answer: Answer, contact: string): SipResponse {
    const { clock, counters } = this.#context;
    const build = (rseq: number) => {
      const own = (answer.headers ?? []).filter(({ name }) => name !== 'require');
      const headers = [...own, { name: 'require', value: '100rel' }, { name: 'rseq', value: String(rseq) }];
      return buildResponse(request.message, { ...answer, headers }, request.toTag, contact);
    };
    const inviteSequence = cseqOf(request.message)?.number ?? 0;
    request.provisionals ??= new ReliableProvisionals(clock, FIRST_RSEQ, inviteSequence, () => this.#giveUp(request));
    if (request.dialog !== null) request.dialog.provisionals = request.provisionals;
    const response = build(FIRST_RSEQ);
    const carriesSdp = hasSdp(response);
    request.lastResponse = response;
    request.provisionals.add({
      hasSdp: carriesSdp,
      send: (rseq) => {
        const sent = build(rseq);
        if (carriesSdp && request.dialog !== null) request.dialog.localSdp = sent.body;
        request.dialog?.offers.answered(request, sent.status, carriesSdp);
        request.transaction.respond(sent);
        return () => {
          counters.increment('retransmissions_out');
          request.transaction.respondAgain(sent);
        };
      },
    });
    return response;
  }

  /** Takes a PRACK. It is answered here unless it carries SDP, which is the application's to see: true. */
  acknowledge(prack: IncomingRequest): boolean {
    const provisionals = prack.dialog?.provisionals ?? null;
    if (provisionals?.acknowledge(headerOf(prack.message, 'rack') ?? '') !== true) {
      this.#respond(prack, { status: 481, reason: 'Call/Transaction Does Not Exist' });
      return false;
    }
    if (hasSdp(prack.message)) {
      // It answers the offer of a reliable response, else it is a new offer (section 5).
      prack.dialog?.offers.acknowledged('peer');
      prack.onAnswered = () => provisionals.proceed();
      return true;
    }
    this.#respond(prack, { status: 200, reason: 'OK' });
    provisionals.proceed();
    return false;
  }
}

/** A provisional answer for a caller that knows no PRACK. */
export function withoutReliability(answer: Answer): Answer {
  const { headers = [] } = answer;
  return {
    ...answer,
    headers: headers.filter(({ name, value }) => name !== 'require' || value.toLowerCase() !== '100rel'),
  };
}
