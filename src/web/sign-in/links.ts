import type { Clock } from '../../runtime/clock.ts';
import { randomToken } from './sessions.ts';

const LIFETIME_MS = 10 * 60_000;

/** One-time sign-in links: token to the path that it opens. */
export class SignInLinks {
  readonly #clock: Clock;
  readonly #links = new Map<string, { readonly path: string; readonly expiresAtMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  make(path: string): string {
    const token = randomToken();
    this.#links.set(token, { path: localPath(path), expiresAtMs: this.#clock.nowMs() + LIFETIME_MS });
    return token;
  }

  /** The path, once. */
  take(token: string): string | null {
    const link = this.#links.get(token);
    this.#links.delete(token);
    return link !== undefined && this.#clock.nowMs() < link.expiresAtMs ? link.path : null;
  }
}

/** `path` where it stays on this site, else the first page. Browsers read `//host` and `/\host` as another site. */
export function localPath(path: unknown): string {
  return typeof path === 'string' && /^\/(?!\/)[\x21-\x5b\x5d-\x7e]*$/.test(path) ? path : '/';
}
