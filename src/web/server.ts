import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https';
import { isIPv6 } from 'node:net';
import type { Express } from 'express';
import { messageOf, SpeakerpostError } from '../runtime/errors.ts';
import { watchFiles } from '../runtime/file-watch.ts';
import { buildApp } from './app.ts';
import { type CertificateFiles, readCertificate } from './certificate.ts';
import type { WebDeps, WebOptions, WebServer } from './contract.ts';
import { LiveFeed } from './live-feed.ts';
import { isLoopback } from './peer.ts';
import { SignInLinks } from './sign-in/links.ts';

/** A store has a handful of screens; the rest of the descriptors belong to calls. */
const MAX_CONNECTIONS = 256;

/**
 * Serves the pages until `close`.
 * @throws WEB_PLAIN_HTTP_REFUSED, WEB_CERTIFICATE_UNUSABLE, WEB_PORT_UNUSABLE
 */
export async function startWeb(options: WebOptions, deps: WebDeps): Promise<WebServer> {
  const { bind, behindTlsProxy, tls } = options;
  if (!isLoopback(bind) && !behindTlsProxy && tls === null)
    throw new SpeakerpostError('WEB_PLAIN_HTTP_REFUSED', { bind });
  const links = new SignInLinks(deps.clock);
  const feed = new LiveFeed(deps.desk, deps.clock, deps.registry);
  const { server, stopWatching } = serve(buildApp(options, deps, { links, feed }), tls, deps);
  server.maxConnections = MAX_CONNECTIONS;
  try {
    server.listen(options.port, bind);
    await once(server, 'listening');
  } catch (error) {
    feed.close();
    stopWatching();
    const reason = messageOf(error);
    throw new SpeakerpostError('WEB_PORT_UNUSABLE', { bind, port: options.port, reason }, error);
  }
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  const url = `${tls === null ? 'http' : 'https'}://${isIPv6(bind) ? `[${bind}]` : bind}:${port}`;
  const stop = async (): Promise<void> => {
    feed.close();
    stopWatching();
    const ended = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await ended;
  };
  let closed: Promise<void> | null = null;
  deps.log.info({ url }, 'pages are served');
  return {
    url,
    port,
    signInLink(path) {
      if (!isLoopback(bind) || behindTlsProxy) throw new SpeakerpostError('WEB_SIGN_IN_LINK_NOT_LOCAL', { bind });
      const admin = deps.access.people.list.find(({ role }) => role === 'admin');
      return `${url}/sign-in/${links.make({ name: admin?.name ?? '', path })}`;
    },
    close() {
      closed ??= stop();
      return closed;
    },
  };
}

/** Plain, or TLS whose certificate may be replaced while connections are up. */
function serve(
  app: Express,
  tls: CertificateFiles | null,
  { clock, log }: WebDeps,
): { readonly server: Server | TlsServer; stopWatching(): void } {
  if (tls === null) return { server: createServer(app), stopWatching: () => undefined };
  const server = createTlsServer({ ...readCertificate(tls), minVersion: 'TLSv1.2' }, app);
  const watch = watchFiles([tls.certFile, tls.keyFile], clock, () => {
    try {
      server.setSecureContext({ ...readCertificate(tls), minVersion: 'TLSv1.2' });
      log.info({ cert: tls.certFile }, 'new certificate of the pages in use');
    } catch (error) {
      log.error({ err: error }, 'new certificate of the pages not usable: the old one stays');
    }
  });
  return { server, stopWatching: () => watch.stop() };
}
