import type { CookieOptions, Request, RequestHandler, Response } from 'express';
import { isSameOrigin } from '../peer.ts';
import { isSameSecret, type Session, type Sessions } from './sessions.ts';

/** Who may pass. Everything that the application routes below `requireSession` is for people who signed in. */
export class Gate {
  readonly #sessions: Sessions;
  readonly #cookieName: string;
  readonly #cookie: CookieOptions;

  constructor(sessions: Sessions, isTls: boolean) {
    this.#sessions = sessions;
    // A `__Host-` cookie cannot be set by a neighbouring subdomain (RFC 6265bis 4.1.3.2).
    this.#cookieName = isTls ? '__Host-speakerpost' : 'speakerpost';
    this.#cookie = { httpOnly: true, sameSite: 'strict', secure: isTls, path: '/' };
  }

  signIn(request: Request, response: Response): void {
    const before = this.session(request);
    if (before !== null) this.#sessions.close(before);
    response.cookie(this.#cookieName, this.#sessions.open().id, this.#cookie);
  }

  signOut(request: Request, response: Response): void {
    const session = this.session(request);
    if (session !== null) this.#sessions.close(session);
    response.clearCookie(this.#cookieName, this.#cookie);
  }

  session(request: Request): Session | null {
    for (const pair of (request.get('cookie') ?? '').split(';')) {
      const [name, value] = pair.trim().split('=');
      if (name === this.#cookieName && value !== undefined) return this.#sessions.find(value);
    }
    return null;
  }

  /** Programs get 401, people the sign-in page. */
  readonly requireSession: RequestHandler = (request, response, next) => {
    if (this.session(request) !== null) {
      next();
    } else if (request.accepts(['html', 'json']) === 'html' && !isForPrograms(request)) {
      const next = request.method === 'GET' ? `?next=${encodeURIComponent(request.originalUrl)}` : '';
      response.redirect(303, `/sign-in${next}`);
    } else {
      response.status(401).json({ error: 'sign in first' });
    }
  };

  /** Below `requireSession`: a POST carries its session's token. */
  readonly requireOwnForm: RequestHandler = (request, response, next) => {
    const token: unknown = request.body?.csrf;
    const session = this.session(request);
    if (session !== null && typeof token === 'string' && isSameSecret(token, session.csrfToken)) next();
    else response.status(403).json({ error: 'the form is not of this session: load the page again' });
  };
}

/** Every POST comes from a page of this site, also the sign-in, which has no session yet. */
export const requireSameOrigin: RequestHandler = (request, response, next) => {
  if (request.method !== 'POST' || isSameOrigin(request)) next();
  else response.status(403).json({ error: 'the form is of another site' });
};

function isForPrograms(request: Request): boolean {
  return request.path === '/events' || request.path.startsWith('/api/');
}
