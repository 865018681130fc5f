import express, { type Router } from 'express';
import { isSameSecret } from '../access/secrets.ts';
import type { WebDeps, WebOptions } from './contract.ts';
import { isLocalPeer } from './peer.ts';

/** What monitors ask: no session; /metrics needs the token or, without one, a peer on this machine. */
export function probeRoutes(
  { metricsToken, behindTlsProxy }: Pick<WebOptions, 'metricsToken' | 'behindTlsProxy'>,
  { registry, readiness }: Pick<WebDeps, 'registry' | 'readiness'>,
): Router {
  const router = express.Router();

  router.get('/healthz', (_request, response) => {
    response.type('text').send('ok\n');
  });

  router.get('/readyz', async (_request, response) => {
    const state = await readiness();
    response.status(state.ready ? 200 : 503).json(state);
  });

  router.get('/metrics', async (request, response) => {
    const token = /^Bearer (.+)$/i.exec(request.get('authorization') ?? '')?.[1] ?? null;
    const hasToken = token !== null && metricsToken !== null && isSameSecret(token, metricsToken);
    // Behind a proxy every peer is on loopback, so that says nothing.
    const isLocal = !behindTlsProxy && isLocalPeer(request);
    if (!hasToken && !isLocal) {
      response.status(401).set('WWW-Authenticate', 'Bearer').json({ error: 'set web.metricsToken and send it' });
      return;
    }
    response.set('Content-Type', registry.contentType).send(await registry.metrics());
  });

  return router;
}
