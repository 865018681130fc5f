import { z } from 'zod';
import type { Clock } from '../../../runtime/clock.ts';
import type { ToastTarget } from '../../contract.ts';
import { ConversationEnded, exchange, judgeStatus } from './http-exchange.ts';
import { parseJson } from './parse-json.ts';

/** A token is replaced so long before it ends. */
const EARLY_MS = 60_000;

const loginAnswer = z.object({ token: z.object({ accessToken: z.string().min(1), expiresIn: z.number().positive() }) });

/** A machine client's bearer token, kept until shortly before it expires. */
export class ToastLogin {
  readonly #target: ToastTarget;
  readonly #clock: Clock;
  #token: { readonly value: string; readonly untilMs: number } | null = null;

  constructor(target: ToastTarget, clock: Clock) {
    this.#target = target;
    this.#clock = clock;
  }

  forget(): void {
    this.#token = null;
  }

  /** @throws ConversationEnded when Toast gives none */
  async token(): Promise<string> {
    if (this.#token !== null && this.#clock.nowMs() < this.#token.untilMs) return this.#token.value;
    const { url, clientId, clientSecret, timeoutMs } = this.#target;
    const answer = await exchange(
      {
        method: 'POST',
        url: `${url.replace(/\/$/, '')}/authentication/v1/authentication/login`,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ clientId, clientSecret, userAccessType: 'TOAST_MACHINE_CLIENT' }),
      },
      timeoutMs,
    );
    // Toast's answer to a wrong login may repeat what it was sent.
    const failure = judgeStatus(answer, this.#clock, 'the login is refused: check clientId and clientSecret');
    if (failure !== null) throw new ConversationEnded(failure);
    const parsed = loginAnswer.safeParse(parseJson(answer.text));
    if (!parsed.success) {
      throw new ConversationEnded({ kind: 'retry', detail: 'the login gave no token', waitMs: null });
    }
    const { accessToken, expiresIn } = parsed.data.token;
    this.#token = { value: accessToken, untilMs: this.#clock.nowMs() + expiresIn * 1_000 - EARLY_MS };
    return accessToken;
  }
}
