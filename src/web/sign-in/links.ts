import { randomToken } from '../../access/secrets.ts';
import type { Clock } from '../../runtime/clock.ts';

const LIFETIME_MS = 10 * 60_000;

interface SignInLink {
  /** Whom it signs in. */
  readonly name: string;
  /** The page that it opens. */
  readonly path: string;
}

/** One-time sign-in links for a browser on this machine. */
export class SignInLinks {
  readonly #clock: Clock;
  readonly #links = new Map<string, SignInLink & { readonly expiresAtMs: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  make({ name, path }: SignInLink): string {
    const token = randomToken();
    this.#links.set(token, { name, path: localPath(path), expiresAtMs: this.#clock.nowMs() + LIFETIME_MS });
    return token;
  }

  /** Once. */
  take(token: string): SignInLink | null {
    const link = this.#links.get(token);
    this.#links.delete(token);
    return link !== undefined && this.#clock.nowMs() < link.expiresAtMs ? link : null;
  }
}

/** `path` where it stays on this site, else the first page. Browsers read `//host` and `/\host` as another site. */
export function localPath(path: unknown): string {
  return typeof path === 'string' && /^\/(?!\/)[\x21-\x5b\x5d-\x7e]*$/.test(path) ? path : '/';
}
