import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import type { Clock, Timer } from '../../runtime/clock.ts';
import { SpeakerpostError } from '../../runtime/errors.ts';
import type { Log } from '../../runtime/log.ts';
import { parseServerUrl } from './server-url.ts';
import { createSrf, type SrfApplication, type SrfRequest, type SrfResponse } from './srf.ts';

const FIRST_RETRY_MS = 100;
const LAST_RETRY_MS = 5_000;
const CONNECT_WITHIN_MS = 5_000;

export interface ConnectionOptions {
  readonly server: () => string | null;
  readonly clock: Clock;
  readonly log: Log;
  readonly onRequest: (request: SrfRequest, response: SrfResponse) => void;
  readonly onState: (state: 'connected' | 'lost') => void;
}

/** Keeps one connection to the SIP server: a new drachtio application each time, with a back-off of our own. */
export class ServerConnection {
  readonly #options: ConnectionOptions;
  #srf: SrfApplication | null = null;
  #hostPorts: readonly string[] = [];
  #retry: Timer | null = null;
  #retryMs = FIRST_RETRY_MS;
  #isClosed = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  get listening(): readonly string[] {
    return this.#hostPorts;
  }

  /** The application that requests go out with. @throws SIP_SERVER_UNREACHABLE while there is none */
  get srf(): SrfApplication {
    if (this.#srf === null) throw unreachable('the SIP server', 'the connection is lost');
    return this.#srf;
  }

  /** One attempt; a later loss is followed by attempts until it is back. @throws SIP_SERVER_UNREACHABLE, SIP_SERVER_URL_INVALID */
  async connect(): Promise<void> {
    const url = this.#options.server();
    if (url === null) throw unreachable('the SIP server', 'it is not running');
    const { host, port, secret } = parseServerUrl(url);
    const place = `${host}:${port}`;
    const srf = createSrf();
    // One handler sees everything; the route makes the server send INVITEs here.
    srf.use((request, response) => this.#options.onRequest(request, response));
    srf.invite((_request, _response, next) => next());
    this.#hostPorts = await new Promise<string[]>((resolve, reject) => {
      const fail = (reason: string) => {
        timer.cancel();
        reject(unreachable(place, reason));
      };
      const timer = this.#options.clock.after(CONNECT_WITHIN_MS, () => {
        fail('no answer');
        disconnect(srf);
      });
      srf.on('error', (error) => fail(error.message));
      srf.on('close', () => {
        fail('the connection was closed');
        this.#lost(srf);
      });
      srf.on('connect', (error, hostPorts) => {
        if (error !== null) {
          fail('the secret is wrong');
          disconnect(srf);
          return;
        }
        timer.cancel();
        resolve(hostPorts.split(','));
      });
      srf.connect({ host, port, secret, reconnect: { maxAttempts: 1 } });
      this.#guard(srf.app.client.wp);
    });
    this.#srf = srf;
    this.#retryMs = FIRST_RETRY_MS;
    if (this.#isClosed) disconnect(srf);
    else this.#options.onState('connected');
  }

  close(): void {
    this.#isClosed = true;
    this.#retry?.cancel();
    if (this.#srf !== null) disconnect(this.#srf);
    this.#srf = null;
  }

  /** drachtio-srf throws out of its data handler on what it does not expect: that ends the connection, not the process. */
  #guard(wireProtocol: EventEmitter): void {
    wireProtocol.on('connect', (socket: Socket) => {
      for (const listener of socket.listeners('data')) {
        socket.off('data', listener as () => void);
        socket.on('data', (bytes) => {
          try {
            listener.call(socket, bytes);
          } catch (error) {
            this.#options.log.error({ err: error }, 'drachtio-srf failed on a message; the connection is closed');
            socket.destroy();
          }
        });
      }
    });
  }

  #lost(srf: SrfApplication): void {
    if (this.#srf !== srf) return;
    this.#srf = null;
    if (this.#isClosed) return;
    this.#options.onState('lost');
    this.#tryAgain();
  }

  #tryAgain(): void {
    this.#retry = this.#options.clock.after(this.#retryMs, () => {
      this.connect().catch((error: unknown) => {
        this.#options.log.warn({ err: error }, 'SIP server not reached yet');
        if (!this.#isClosed) this.#tryAgain();
      });
    });
    this.#retryMs = Math.min(2 * this.#retryMs, LAST_RETRY_MS);
  }
}

function disconnect(srf: SrfApplication): void {
  try {
    srf.disconnect();
  } catch {
    // It throws when the socket is gone already, which is what was wanted.
  }
}

function unreachable(address: string, reason: string): SpeakerpostError {
  return new SpeakerpostError('SIP_SERVER_UNREACHABLE', { address, reason });
}
