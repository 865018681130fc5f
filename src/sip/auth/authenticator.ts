import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { SipTrunkUsers } from '../contract.ts';
import type { Counters } from '../counters.ts';
import { type Header, headerOf, headersOf, isDigit, type SipRequest } from '../message/message.ts';
import { parseUri } from '../message/uri.ts';
import type { Hop } from '../transport/transport.ts';
import { TrunkTable } from '../trunks/trunk-table.ts';
import { algorithmOf, type DigestAlgorithm, digestResponse, parseDigest } from './digest.ts';
import { NonceMint } from './nonce.ts';

const REALM = 'speakerpost';
/** In this order in a 401: many intercoms read only the first challenge and know only MD5. */
const ALGORITHMS: readonly DigestAlgorithm[] = ['MD5', 'SHA-256'];
/** So many wrong passwords within a minute, and the source is refused for that minute without a look at its credentials. */
const FAILURES = 10;
const FAILURES_WITHIN_MS = 60_000;
const SOURCES = 1_000;

/** OPTIONS is how intercoms ask whether we live; CANCEL and ACK cannot be challenged (RFC 3261 22.1). */
const free = new Set(['OPTIONS', 'CANCEL', 'ACK']);

export interface Refusal {
  readonly status: number;
  readonly reason: string;
  readonly headers?: readonly Header[];
}

/** Digest authentication of requests outside of a dialog, for the trunks that have users (RFC 3261 section 22). */
export class Authenticator {
  readonly #trunks: TrunkTable<SipTrunkUsers>;
  readonly #passwords: ReadonlyMap<SipTrunkUsers, ReadonlyMap<string, string>>;
  readonly #clock: Clock;
  readonly #counters: Counters;
  readonly #log: Log;
  readonly #mint: NonceMint;
  readonly #failures = new Map<string, { count: number; readonly sinceMs: number }>();

  constructor(
    trunks: readonly SipTrunkUsers[],
    tools: { readonly clock: Clock; readonly counters: Counters; readonly log: Log },
    newId: () => string = () => randomBytes(8).toString('hex'),
  ) {
    this.#trunks = new TrunkTable(trunks);
    this.#passwords = new Map(
      trunks
        .filter((trunk) => trunk.users.length > 0)
        .map((trunk) => [trunk, new Map(trunk.users.map(({ user, password }) => [user, password]))]),
    );
    this.#clock = tools.clock;
    this.#counters = tools.counters;
    this.#log = tools.log;
    this.#mint = new NonceMint(randomBytes(32), newId);
  }

  /** null: it may pass. */
  check(request: SipRequest, from: Hop): Refusal | null {
    if (this.#passwords.size === 0 || free.has(request.method)) return null;
    const passwords = this.#passwordsFor(request, from);
    if (passwords === undefined) return null;
    if (this.#isBarred(from.address)) return { status: 403, reason: 'Too Many Failures' };
    const own = ownCredentials(request);
    if (own === null) return this.#challenge(false);
    const nonce = own.get('nonce') ?? '';
    const state = this.#mint.check(nonce, this.#clock.nowMs());
    if (state !== 'good') return this.#challenge(state === 'stale');
    if (!this.#isRight(own, request, passwords)) {
      this.#fail(from.address);
      return this.#challenge(false);
    }
    const nc = own.get('nc') ?? '';
    if (!this.#mint.use(nonce, Number.parseInt(nc, 16))) return this.#challenge(true);
    this.#failures.delete(from.address);
    return null;
  }

  /** Whose password a request showed that `check` let pass; null: its trunk asks for none. */
  userOf(request: SipRequest, from: Hop): string | null {
    if (this.#passwords.size === 0 || this.#passwordsFor(request, from) === undefined) return null;
    return ownCredentials(request)?.get('username') ?? null;
  }

  #passwordsFor(request: SipRequest, { address }: Hop): ReadonlyMap<string, string> | undefined {
    const header = (name: string) => headerOf(request, name);
    const trunk = this.#trunks.find({ address, from: header('from') ?? '', header });
    return trunk === null ? undefined : this.#passwords.get(trunk);
  }

  #isRight(own: ReadonlyMap<string, string>, request: SipRequest, passwords: ReadonlyMap<string, string>): boolean {
    const algorithm = algorithmOf(own);
    const user = own.get('username') ?? '';
    const [nc = '', cnonce = ''] = [own.get('nc'), own.get('cnonce')];
    const isCounted = nc.length === 8 && [...nc.toLowerCase()].every((c) => isDigit(c) || (c >= 'a' && c <= 'f'));
    if (algorithm === null || own.get('qop') !== 'auth' || !isCounted || cnonce === '') return false;
    const password = passwords.get(user);
    const uri = own.get('uri') ?? '';
    if (!isSameResource(uri, request.uri)) return false;
    const input = {
      algorithm,
      user,
      realm: REALM,
      password: password ?? '',
      method: request.method,
      uri,
      nonce: own.get('nonce') ?? '',
    };
    const expected = Buffer.from(digestResponse({ ...input, qop: { nc, cnonce } }));
    const given = Buffer.from((own.get('response') ?? '').toLowerCase());
    const isEqual = given.length === expected.length && timingSafeEqual(given, expected);
    return isEqual && password !== undefined;
  }

  #challenge(isStale: boolean): Refusal {
    this.#counters.increment('challenges');
    const nonce = this.#mint.make(this.#clock.nowMs());
    const headers = ALGORITHMS.map((algorithm) => ({
      name: 'www-authenticate',
      value: `Digest realm="${REALM}", nonce="${nonce}", algorithm=${algorithm}, qop="auth"${isStale ? ', stale=true' : ''}`,
    }));
    return { status: 401, reason: 'Unauthorized', headers };
  }

  #fail(source: string): void {
    this.#counters.increment('authentications_failed');
    this.#log.warn({ source }, 'SIP request with a wrong user or password');
    const known = this.#failures.get(source);
    if (known !== undefined) known.count++;
    else this.#failures.set(source, { count: 1, sinceMs: this.#clock.nowMs() });
    const [oldest] = this.#failures.keys();
    if (this.#failures.size > SOURCES && oldest !== undefined) this.#failures.delete(oldest);
  }

  #isBarred(source: string): boolean {
    const known = this.#failures.get(source);
    if (known === undefined) return false;
    if (this.#clock.nowMs() - known.sinceMs <= FAILURES_WITHIN_MS) return known.count >= FAILURES;
    this.#failures.delete(source);
    return false;
  }
}

function ownCredentials(request: SipRequest): ReadonlyMap<string, string> | null {
  const credentials = headersOf(request, 'authorization').map(parseDigest);
  return credentials.find((params) => params?.get('realm') === REALM) ?? null;
}

/**
 * Credentials are for this request, not those of another one used again (RFC 7616 3.4.6). SIP does not ask for equal URIs (RFC 3261 22.4):
 * many clients leave user, port and parameters out.
 */
function isSameResource(digestUri: string, requestUri: string): boolean {
  if (digestUri === requestUri) return true;
  const given = parseUri(digestUri) ?? parseUri(`sip:${digestUri}`);
  const asked = parseUri(requestUri);
  if (given === null || asked === null || given.host.toLowerCase() !== asked.host.toLowerCase()) return false;
  return given.user === '' || given.user === asked.user;
}
