import { randomBytes } from 'node:crypto';
import { answerChallenges, parseDigest, splitChallenges } from '../auth/digest.ts';
import { safeText } from './safe-headers.ts';
import type { SrfResponse } from './srf.ts';

export interface LoginOptions {
  readonly user: string;
  readonly password: string;
}

/** So many challenges of one request are answered: a proxy's, the callee's, and each once more for a stale nonce. */
const ANSWERS = 4;

/**
 * Answers the Digest challenges to one request (RFC 3261 22.2): each realm once, because the same password asked for again was wrong;
 * once more when the peer says that only its nonce was too old.
 */
export class Login {
  readonly #options: LoginOptions | undefined;
  readonly #answered = new Set<string>();
  #headers: Record<string, string> = {};
  #count = 0;

  constructor(options: LoginOptions | undefined) {
    this.#options = options;
  }

  /** Every credential so far, for the request that goes out again; null when the response is the outcome. */
  answer(
    response: SrfResponse,
    request: { readonly method: string; readonly uri: string },
  ): Record<string, string> | null {
    const { status } = response;
    if (this.#options === undefined || (status !== 401 && status !== 407) || this.#count >= ANSWERS) return null;
    const [asks, answers] =
      status === 401 ? ['www-authenticate', 'Authorization'] : ['proxy-authenticate', 'Proxy-Authorization'];
    const challenges = splitChallenges(response.get(asks) ?? '');
    const parsed = challenges.map(parseDigest);
    const key = `${status} ${parsed.map((params) => params?.get('realm') ?? '').join(' ')}`;
    const isStale = parsed.some((params) => params?.get('stale')?.toLowerCase() === 'true');
    if (this.#answered.has(key) && !isStale) return null;
    const cnonce = randomBytes(8).toString('hex');
    const credentials = answerChallenges(challenges, this.#options, request, cnonce);
    if (credentials === null) return null;
    this.#answered.add(key);
    this.#count++;
    this.#headers = { ...this.#headers, [answers]: safeText(credentials) };
    return this.#headers;
  }
}
