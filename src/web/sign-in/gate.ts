import type { CookieOptions, Request, RequestHandler, Response } from 'express';
import type { Access } from '../../access/access.ts';
import type { Permission, Session } from '../../access/contract.ts';
import { may } from '../../access/permissions.ts';
import { isSameSecret } from '../../access/secrets.ts';
import { isSameOrigin } from '../peer.ts';

/** Who may pass. Everything that the application routes below `requireSession` is for people who signed in. */
export class Gate {
  readonly #access: Access;
  readonly #cookieName: string;
  readonly #cookie: CookieOptions;
  /** Found once a request: looking again could renew the cookie again. */
  readonly #found = new WeakMap<Request, Session | null>();

  constructor(access: Access, isTls: boolean) {
    this.#access = access;
    // A `__Host-` cookie cannot be set by a neighbouring subdomain (RFC 6265bis 4.1.3.2).
    this.#cookieName = isTls ? '__Host-speakerpost' : 'speakerpost';
    this.#cookie = { httpOnly: true, sameSite: 'strict', secure: isTls, path: '/' };
  }

  signIn(request: Request, response: Response, name: string): void {
    const before = this.session(request);
    if (before !== null) this.#access.sessions.close(before);
    response.cookie(this.#cookieName, this.#access.sessions.open(name).id, this.#cookie);
    this.#access.people.noteSignIn(name);
    this.note(request, name, 'sign-in', null);
  }

  signOut(request: Request, response: Response): void {
    const session = this.session(request);
    if (session !== null) {
      this.#access.sessions.close(session);
      this.note(request, session.name, 'sign-out', null);
    }
    response.clearCookie(this.#cookieName, this.#cookie);
  }

  session(request: Request): Session | null {
    const known = this.#found.get(request);
    if (known !== undefined) return known;
    const session = this.#find(request);
    this.#found.set(request, session);
    return session;
  }

  /** Into the audit log, under the name of whoever asks. */
  note(request: Request, name: string, action: string, subject: string | null, detail: string | null = null): void {
    this.#access.audit.add({ name, action, subject, detail, address: request.ip ?? '' });
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

  /** Below `requireSession`: who signed in has a role that may do this. */
  require(permission: Permission): RequestHandler {
    return (request, response, next) => {
      const session = this.session(request);
      if (session !== null && may(session.role, permission)) next();
      else response.status(403).json({ error: `your role may not do this (${permission})` });
    };
  }

  /** Below `requireSession`: what changes something carries its session's token, in the form or as `X-CSRF-Token`. */
  readonly requireOwnForm: RequestHandler = (request, response, next) => {
    if (this.hasOwnToken(request)) next();
    else response.status(403).json({ error: 'the form is not of this session: load the page again' });
  };

  /** True when the request carries its session's token: another site's page cannot know it. */
  hasOwnToken(request: Request): boolean {
    const token: unknown = request.get('x-csrf-token') ?? request.body?.csrf;
    const session = this.session(request);
    return session !== null && typeof token === 'string' && isSameSecret(token, session.csrfToken);
  }

  #find(request: Request): Session | null {
    for (const pair of (request.get('cookie') ?? '').split(';')) {
      const [name, value] = pair.trim().split('=');
      if (name !== this.#cookieName || value === undefined) continue;
      const found = this.#access.sessions.find(value);
      if (found?.isRenewed === true) request.res?.cookie(this.#cookieName, found.session.id, this.#cookie);
      return found?.session ?? null;
    }
    return null;
  }
}

const reading: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Whatever changes something comes from a page of this site, also the sign-in, which has no session yet. */
export const requireSameOrigin: RequestHandler = (request, response, next) => {
  if (reading.has(request.method) || isSameOrigin(request)) next();
  else response.status(403).json({ error: 'the form is of another site' });
};

function isForPrograms(request: Request): boolean {
  return request.path === '/events' || request.path.startsWith('/api/');
}
