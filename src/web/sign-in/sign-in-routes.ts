import express, { type Router } from 'express';
import { z } from 'zod';
import type { Access } from '../../access/access.ts';
import { AttemptLimit, RETRY_AFTER_SECONDS } from '../../access/attempt-limit.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import { continuePage, messagePage, signInPage } from '../pages/sign-in-page.ts';
import { isLocalPeer } from '../peer.ts';
import type { Gate } from './gate.ts';
import { localPath, type SignInLinks } from './links.ts';

const form = z.object({ name: z.string().max(200), password: z.string().max(500), next: z.string().optional() });

export interface SignInOptions {
  readonly storeName: string;
  readonly access: Access;
  readonly gate: Gate;
  readonly links: SignInLinks;
  readonly clock: Clock;
  readonly log: Log;
}

/** The way in, open to strangers: the form, and one-time links for a browser on this machine. */
export function signInRoutes({ storeName, access, gate, links, clock, log }: SignInOptions): Router {
  const router = express.Router();
  const limit = new AttemptLimit(clock);

  router.get('/sign-in', (request, response) => {
    if (gate.session(request) !== null) response.redirect(303, '/');
    else response.send(signInPage(storeName, localPath(request.query['next']), null));
  });

  router.post('/sign-in', async (request, response) => {
    const given = form.safeParse(request.body);
    const next = localPath(given.data?.next);
    const address = request.ip ?? '';
    const attempt = limit.begin(address);
    if (attempt === null) {
      log.warn({ address }, 'sign-in refused: too many attempts');
      response.status(429).set('Retry-After', String(RETRY_AFTER_SECONDS));
      response.send(signInPage(storeName, next, 'Too many attempts. Try again in a minute.'));
      return;
    }
    const person = given.success ? await access.people.authenticate(given.data.name, given.data.password) : null;
    if (person !== null) {
      attempt.succeed();
      gate.signIn(request, response, person.name);
      log.info({ address, name: person.name }, 'signed in');
      response.redirect(303, next);
    } else {
      log.warn({ address }, 'sign-in failed');
      gate.note(request, given.data?.name ?? '', 'sign-in.failed', null);
      response.status(403).send(signInPage(storeName, next, 'That name and password do not fit.'));
    }
  });

  router.get('/sign-in/:token', (request, response) => {
    // Programs that look at links before a person does ask with HEAD.
    const link = request.method === 'GET' && isLocalPeer(request) ? links.take(request.params.token) : null;
    if (link === null) {
      const text = 'A sign-in link works once, for ten minutes, and on the machine of the gateway only.';
      response.status(403).send(messagePage(storeName, 'This link is used up', text));
      return;
    }
    gate.signIn(request, response, link.name);
    log.info({ address: request.ip, name: link.name }, 'signed in by a one-time link');
    response.set('Refresh', `0;url=${link.path}`).send(continuePage(storeName, link.path));
  });

  return router;
}
