import { supports } from '../dialog/session-timer.ts';
import { cseqOf, headerOf, listOf, type SipResponse } from '../message/message.ts';
import { hasSdp } from '../message/sdp-body.ts';
import type { CoreContext } from './core.ts';
import type { Answer, IncomingRequest } from './incoming-request.ts';
import { ReliableProvisionals } from './reliable-provisional.ts';
import { buildResponse, startsWithSdp } from './response.ts';

/** A random start is asked for only where the sequence could be guessed; ours runs inside one transaction (RFC 3262 section 3). */
const FIRST_RSEQ = 1;

/** Provisional answers that the caller has to acknowledge by PRACK (RFC 3262 section 3). */
export class ServerProvisionals {
  readonly #context: CoreContext;
  readonly #respond: (request: IncomingRequest, answer: Answer) => void;

  constructor(context: CoreContext, respond: (request: IncomingRequest, answer: Answer) => void) {
    this.#context = context;
    this.#respond = respond;
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
    request.provisionals ??= new ReliableProvisionals(clock, FIRST_RSEQ, () =>
      this.#respond(request, { status: 504, reason: 'Server Time-out' }),
    );
    const response = build(FIRST_RSEQ);
    request.lastResponse = response;
    request.provisionals.add((rseq) => {
      const sent = build(rseq);
      if (startsWithSdp(sent.body) && request.dialog !== null) request.dialog.localSdp = sent.body;
      request.dialog?.offers.answered(request, sent.status, startsWithSdp(sent.body));
      request.transaction.respond(sent);
      return () => {
        counters.increment('retransmissions_out');
        request.transaction.respondAgain(sent);
      };
    });
    return response;
  }

  /**
   * Takes a PRACK; `invite` is the INVITE of its dialog that has provisional answers open. It is answered here unless it carries
   * SDP, which is the application's to see: true.
   */
  acknowledge(prack: IncomingRequest, invite: IncomingRequest | undefined): boolean {
    const number = invite === undefined ? 0 : (cseqOf(invite.message)?.number ?? 0);
    const rack = headerOf(prack.message, 'rack') ?? '';
    const isKnown = invite?.provisionals?.acknowledge(rack, number) === true;
    if (isKnown && hasSdp(prack.message)) {
      // It answers the offer of a reliable response, else it is a new offer (section 5).
      prack.dialog?.offers.acknowledged('peer');
      return true;
    }
    if (isKnown) this.#respond(prack, { status: 200, reason: 'OK' });
    else this.#respond(prack, { status: 481, reason: 'Call/Transaction Does Not Exist' });
    return false;
  }
}
