import { createServer, isIPv6, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls';
import { SpeakerpostError } from '../../runtime/errors.ts';
import type { TlsMaterial } from './tls-files.ts';

/** Where streams come in. */
export interface StreamListener {
  readonly address: string;
  readonly port: number;
  /** `accept` is asked at once, before a handshake; `use` gets the connection when it can carry SIP. */
  onConnection(accept: (socket: Socket) => boolean, use: (socket: Socket) => void): void;
  close(): Promise<void>;
}

/** @throws SIP_PORT_BUSY, SIP_BIND_FAILED */
export function listenTcp(address: string, port: number): Promise<StreamListener> {
  return listen(createServer({ pauseOnConnect: false }), 'connection', address, port);
}

const HANDSHAKE_WITHIN_MS = 10_000;

/** Connections that come later use what `replace` gives; those that are up keep theirs. @throws SIP_PORT_BUSY, SIP_BIND_FAILED */
export async function listenTls(
  address: string,
  port: number,
  material: TlsMaterial,
  onHandshakeFailed: (address: string, reason: string) => void,
): Promise<StreamListener & { replace(material: TlsMaterial): void }> {
  const contextOf = ({ key, cert }: TlsMaterial) => ({ key, cert, minVersion: 'TLSv1.2' as const });
  const server: TlsServer = createTlsServer({ ...contextOf(material), handshakeTimeout: HANDSHAKE_WITHIN_MS });
  server.on('tlsClientError', (error, socket) => {
    onHandshakeFailed(socket.remoteAddress ?? '', error.message);
    socket.destroy();
  });
  const listener = await listen(server, 'secureConnection', address, port);
  return { ...listener, replace: (next) => server.setSecureContext(contextOf(next)) };
}

async function listen(server: Server, event: string, address: string, port: number): Promise<StreamListener> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const details = { address, port, reason: error.message };
      reject(new SpeakerpostError(error.code === 'EADDRINUSE' ? 'SIP_PORT_BUSY' : 'SIP_BIND_FAILED', details, error));
    });
    server.listen({ host: address, port, ipv6Only: isIPv6(address) }, resolve);
  });
  server.removeAllListeners('error');
  // Running out of file descriptors must not end the process; the peer tries again.
  server.on('error', () => {});
  const bound = server.address();
  const place = typeof bound === 'object' && bound !== null ? bound : { address, port };
  return {
    address: place.address,
    port: place.port,
    onConnection: (accept, use) => {
      server.prependListener('connection', (socket: Socket) => {
        if (!accept(socket)) socket.destroy();
      });
      server.on(event, (socket: Socket) => {
        if (!socket.destroyed) use(socket);
      });
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}
