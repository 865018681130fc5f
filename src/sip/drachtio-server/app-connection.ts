import { createHash, randomUUID, timingSafeEqual } from 'node:crypto';
import type { Socket } from 'node:net';
import type { Clock } from '../../runtime/clock.ts';
import type { Counters } from '../counters.ts';
import { FrameReader, writeFrame } from './frame.ts';
import { commandAnswer } from './wire.ts';

/** A connection that does not authenticate soon is closed. */
const AUTHENTICATE_WITHIN_MS = 5_000;
/** An application that does not read loses its connection before it fills our memory. */
const MAX_UNSENT_BYTES = 16 * 2 ** 20;
const VERSION = 'v0.9.10-speakerpost';

export interface AppConnectionOptions {
  readonly socket: Socket;
  readonly secret: string;
  /** `udp/127.0.0.1:5060`, ... */
  readonly hostPorts: readonly string[];
  readonly clock: Clock;
  readonly counters: Counters;
  /** A `sip` command: tokens after the verb, and the SIP text. */
  readonly onSip: (connection: AppConnection, commandId: string, tokens: readonly string[], text: Buffer) => void;
  readonly onClose: (connection: AppConnection) => void;
}

/** One application: authentication, routes, ping, and framing. It closes on any other command before `authenticate`. */
export class AppConnection {
  readonly routes = new Set<string>();
  readonly #options: AppConnectionOptions;
  readonly #reader = new FrameReader();
  #isAuthenticated = false;
  #isCorked = false;

  constructor(options: AppConnectionOptions) {
    this.#options = options;
    const { socket, clock, counters } = options;
    socket.setNoDelay(true);
    const deadline = clock.after(AUTHENTICATE_WITHIN_MS, () => {
      if (!this.#isAuthenticated) this.#refuse();
    });
    socket.on('data', (bytes: Buffer) => this.#receive(bytes));
    socket.on('error', () => {
      counters.increment('application_errors');
      socket.destroy();
    });
    socket.on('close', () => {
      deadline.cancel();
      options.onClose(this);
    });
  }

  /** Sends a leader and a SIP message; what is sent in one turn of the event loop goes out in one write. */
  send(leader: string, message?: Uint8Array): void {
    const { socket } = this.#options;
    if (socket.destroyed || !socket.writable) return;
    if (!this.#isCorked) {
      this.#isCorked = true;
      socket.cork();
      setImmediate(() => {
        this.#isCorked = false;
        socket.uncork();
      });
    }
    const head = `${randomUUID()}|${leader}`;
    socket.write(message === undefined ? writeFrame(head) : writeFrame(`${head}\r\n`, message));
    if (socket.writableLength > MAX_UNSENT_BYTES) socket.destroy();
  }

  close(): void {
    this.#options.socket.end();
    this.#options.socket.destroySoon();
  }

  #receive(bytes: Buffer): void {
    try {
      for (const payload of this.#reader.push(bytes)) {
        if (this.#options.socket.destroyed || !this.#options.socket.writable) return;
        this.#command(payload);
      }
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.#refuse();
    }
  }

  #command(payload: Buffer): void {
    const lineEnd = payload.indexOf('\r\n');
    const leader = payload.toString('utf8', 0, lineEnd < 0 ? payload.length : lineEnd);
    const [id = '', verb = '', ...tokens] = leader.split('|');
    if (verb === 'authenticate') {
      this.#authenticate(id, tokens[0] ?? '');
      return;
    }
    if (!this.#isAuthenticated) {
      this.#refuse();
      return;
    }
    const [first = ''] = tokens;
    if (verb === 'route') {
      this.routes.add(first.toLowerCase());
      this.send(commandAnswer(id, 'OK'));
    } else if (verb === 'remove_route') {
      this.routes.delete(first.toLowerCase());
      this.send(commandAnswer(id, 'OK'));
    } else if (verb === 'ping') this.send(commandAnswer(id, 'OK', 'pong'));
    else if (verb === 'sip')
      this.#options.onSip(this, id, tokens, lineEnd < 0 ? Buffer.alloc(0) : payload.subarray(lineEnd + 2));
    else if (verb === 'proxy') this.send(commandAnswer(id, 'NOK', 'not supported'));
    else this.#refuse();
  }

  #authenticate(id: string, secret: string): void {
    const digest = (text: string) => createHash('sha256').update(text).digest();
    const { hostPorts, counters } = this.#options;
    if (!timingSafeEqual(digest(secret), digest(this.#options.secret))) {
      counters.increment('application_refused');
      this.send(commandAnswer(id, 'NO', 'incorrect secret'));
      this.#options.socket.end();
      return;
    }
    this.#isAuthenticated = true;
    const ports = hostPorts.join(',');
    this.send(commandAnswer(id, 'OK', ports, VERSION, ports));
  }

  #refuse(): void {
    this.#options.counters.increment('application_refused');
    this.#options.socket.destroy();
  }
}
