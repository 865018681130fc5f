import { fileURLToPath } from 'node:url';
import express, { type ErrorRequestHandler, type Express, type Request } from 'express';
import { SpeakerpostError } from '../runtime/errors.ts';
import { apiRoutes } from './api/api.ts';
import { mountApi } from './api/mount.ts';
import { callListQuery, listCalls } from './call-list.ts';
import type { WebDeps, WebOptions } from './contract.ts';
import { securityHeaders } from './headers.ts';
import type { LiveFeed } from './live-feed.ts';
import { callPage, notices } from './pages/call-page.ts';
import { callsPage } from './pages/calls-page.ts';
import { canResend } from './pages/delivery-section.ts';
import type { Frame } from './pages/layout.ts';
import { livePage } from './pages/live-page.ts';
import { messagePage } from './pages/sign-in-page.ts';
import { isLoopback, namesLoopback } from './peer.ts';
import { probeRoutes } from './probes.ts';
import { sendRecording } from './recording.ts';
import { Gate, requireSameOrigin } from './sign-in/gate.ts';
import type { SignInLinks } from './sign-in/links.ts';
import { signInRoutes } from './sign-in/sign-in-routes.ts';

const staticDirectory = fileURLToPath(new URL('./static', import.meta.url));

export interface AppParts {
  readonly links: SignInLinks;
  readonly feed: LiveFeed;
}

/** Every route. What stands above `requireSession` is public; nothing below it is. */
export function buildApp(options: WebOptions, deps: WebDeps, { links, feed }: AppParts): Express {
  const { storeName, timezone, bind, behindTlsProxy, tls, recordingsDirectory } = options;
  const isTls = behindTlsProxy || tls !== null;
  const { access, desk, reader, delivery, clock, log } = deps;
  const gate = new Gate(access, isTls);
  const frame = (request: Request): Frame => ({
    storeName,
    timezone,
    csrfToken: gate.session(request)?.csrfToken ?? '',
    alerts: desk.alerts,
    nowWallMs: clock.wallMs(),
  });

  const app = express();
  app.disable('x-powered-by');
  app.set('trust proxy', behindTlsProxy ? 1 : false);
  app.set('query parser', 'simple');
  app.use(securityHeaders(isTls));
  app.use((request, response, next) => {
    if (behindTlsProxy || !isLoopback(bind) || namesLoopback(request.get('host'))) next();
    else response.status(421).type('text').send('These pages are served as localhost only.\n');
  });
  app.use(requireSameOrigin, express.urlencoded({ extended: false, limit: '4kb', parameterLimit: 10 }));

  app.use(probeRoutes(options, deps));
  app.use('/static', express.static(staticDirectory, { index: false, redirect: false, cacheControl: false }));
  app.use(signInRoutes({ storeName, access, gate, links, clock, log }));

  const api = apiRoutes(options, deps, feed, gate);
  app.use(mountApi(api, access, gate));

  app.use(gate.requireSession);

  app.get('/', (_request, response) => {
    response.redirect(303, '/calls');
  });

  app.get('/calls', gate.require('calls.read'), async (request, response) => {
    const { calls, next } = await listCalls(reader, callListQuery.parse(request.query));
    response.send(callsPage(frame(request), calls, next));
  });

  app.get('/calls/:callId', gate.require('calls.read'), async (request, response, next) => {
    const call = await reader.getCall(String(request.params['callId']));
    if (call === null) next();
    else response.send(callPage(frame(request), call, notices[String(request.query['notice'])] ?? null));
  });

  app.get('/calls/:callId/recording', gate.require('calls.listen'), async (request, response, next) => {
    gate.note(request, gate.session(request)?.name ?? '', 'call.listened', String(request.params['callId']));
    if (!(await sendRecording(response, reader, recordingsDirectory, String(request.params['callId'])))) next();
  });

  app.post(
    '/calls/:callId/tickets/:ticketId/:revision/resend',
    gate.require('tickets.write'),
    gate.requireOwnForm,
    async (request, response, next) => {
      const { callId, ticketId, revision } = request.params;
      const call = await reader.getCall(String(callId));
      const found = call?.tickets.find(
        ({ ticket }) => ticket.ticketId === ticketId && String(ticket.revision) === revision,
      );
      if (found === undefined) {
        next();
        return;
      }
      if (canResend(found)) {
        await delivery.resend(found.ticket.ticketId, found.ticket.revision);
        log.info({ ticketId: found.ticket.ticketId, revision: found.ticket.revision }, 'ticket sent again by hand');
      }
      const notice = canResend(found) ? 'resent' : 'not-needed';
      response.redirect(303, `/calls/${encodeURIComponent(found.ticket.callId)}?notice=${notice}`);
    },
  );

  app.get('/live', gate.require('live.read'), (request, response) => {
    response.send(livePage(frame(request)));
  });

  app.get('/events', gate.require('live.read'), (request, response) => {
    const session = gate.session(request);
    if (session === null || !feed.add(response, () => access.sessions.refresh(session) !== null)) {
      response.status(503).set('Retry-After', '5').json({ error: 'too many live pages' });
    }
  });

  app.post('/sign-out', gate.requireOwnForm, (request, response) => {
    gate.signOut(request, response);
    response.redirect(303, '/sign-in');
  });

  app.use((_request, response) => {
    response.status(404).send(messagePage(storeName, 'Not found', 'There is no such page, call or recording.'));
  });
  app.use(onError(options, deps));
  return app;
}

/** Client errors of Express (malformed URL, body too large) keep their status; ours show what to do. */
function onError({ storeName }: WebOptions, { log }: WebDeps): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    const status = error instanceof Error && 'status' in error ? Number(error.status) : 500;
    if (status >= 500) log.error({ err: error, method: request.method, path: request.path }, 'a page failed');
    if (response.headersSent) {
      next(error);
    } else if (request.path.startsWith('/api/')) {
      const isTheirs = status >= 400 && status < 500;
      const text = isTheirs ? 'the request cannot be read' : 'this failed: the log of the gateway says why';
      const known =
        error instanceof SpeakerpostError ? { error: error.message, code: error.code, remedy: error.remedy } : null;
      response.status(isTheirs ? status : 500).json(known ?? { error: text });
    } else if (error instanceof SpeakerpostError) {
      response.status(500).send(messagePage(storeName, error.message, `${error.remedy} (${error.code})`));
    } else if (status >= 400 && status < 500) {
      response.status(status).send(messagePage(storeName, 'Bad request', 'The address or form cannot be read.'));
    } else {
      response.status(500).send(messagePage(storeName, 'This failed', 'The log of the gateway says why.'));
    }
  };
}
