import { once } from 'node:events';
import { createServer } from 'node:http';
import { isIPv6 } from 'node:net';
import { messageOf, SpeakerpostError } from '../runtime/errors.ts';
import { buildApp } from './app.ts';
import type { WebDeps, WebOptions, WebServer } from './contract.ts';
import { LiveFeed } from './live-feed.ts';
import { isLoopback } from './peer.ts';
import { SignInLinks } from './sign-in/links.ts';

/** A store has a handful of screens; the rest of the descriptors belong to calls. */
const MAX_CONNECTIONS = 256;

/**
 * Serves the pages until `close`.
 * @throws WEB_PLAIN_HTTP_REFUSED, WEB_PORT_UNUSABLE
 */
export async function startWeb(options: WebOptions, deps: WebDeps): Promise<WebServer> {
  const { bind, behindTlsProxy } = options;
  if (!isLoopback(bind) && !behindTlsProxy) throw new SpeakerpostError('WEB_PLAIN_HTTP_REFUSED', { bind });
  const links = new SignInLinks(deps.clock);
  const feed = new LiveFeed(deps.desk, deps.clock, deps.registry);
  const server = createServer(buildApp(options, deps, { links, feed }));
  server.maxConnections = MAX_CONNECTIONS;
  try {
    server.listen(options.port, bind);
    await once(server, 'listening');
  } catch (error) {
    feed.close();
    const reason = messageOf(error);
    throw new SpeakerpostError('WEB_PORT_UNUSABLE', { bind, port: options.port, reason }, error);
  }
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  const url = `http://${isIPv6(bind) ? `[${bind}]` : bind}:${port}`;
  const stop = async (): Promise<void> => {
    feed.close();
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
