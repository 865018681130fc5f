import type { Socket } from 'node:net';
import type { Clock, Timer } from '../../runtime/clock.ts';
import { SipSyntaxError } from '../message/syntax-error.ts';
import { StreamFramer } from './stream-framer.ts';
import type { Hop, Protocol } from './transport.ts';

/** A message that has begun must be complete by then, and a new connection must have brought one: no slow loris holds a place. */
const MESSAGE_WITHIN_MS = 10_000;
/** No byte either way: over an hour, so that the connection of an intercom that registers hourly stays. */
const IDLE_MS = 3_900_000;
/** What a peer that reads nothing may keep us from sending. */
const BACKLOG_BYTES = 1 << 20;

export interface StreamConnectionOptions {
  readonly socket: Socket;
  readonly protocol: Protocol;
  /** The peer: known before an outgoing connection is up. */
  readonly address: string;
  readonly port: number;
  readonly isOutgoing: boolean;
  /** An outgoing connection must be up within this time. */
  readonly dialWithinMs: number;
  readonly clock: Clock;
  readonly onMessage: (bytes: Uint8Array, from: Hop) => void;
  readonly onPing: () => void;
  /** The stream cannot be cut into messages any more; it is closed after this call. */
  readonly onBroken: (error: SipSyntaxError, from: Hop) => void;
  readonly onClosed: (why: 'idle' | 'slow' | 'other') => void;
}

/** One TCP or TLS connection that carries SIP, whoever opened it. */
export class StreamConnection {
  readonly hop: Hop;
  readonly isOutgoing: boolean;
  readonly #options: StreamConnectionOptions;
  readonly #framer = new StreamFramer();
  #deadline: Timer | null = null;
  #idle: Timer;
  #activeMs: number;
  #isOpen = true;
  #why: 'idle' | 'slow' | 'other' = 'other';

  constructor(options: StreamConnectionOptions) {
    const { socket, protocol, address, port, clock } = options;
    this.#options = options;
    this.isOutgoing = options.isOutgoing;
    this.hop = { protocol, address, port, connection: this };
    this.#activeMs = clock.nowMs();
    this.#idle = clock.after(IDLE_MS, () => this.#checkIdle());
    socket.setNoDelay(true);
    socket.on('data', (bytes: Buffer) => this.#receive(bytes));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#closed());
    if (options.isOutgoing) {
      this.#expire(options.dialWithinMs);
      socket.once(protocol === 'tls' ? 'secureConnect' : 'connect', () => this.#relax());
    } else this.#expire(MESSAGE_WITHIN_MS);
  }

  get isOpen(): boolean {
    return this.#isOpen && !this.#options.socket.destroyed && this.#options.socket.writable;
  }

  /** `failed` is called when the bytes were not handed to the network. */
  send(bytes: Uint8Array, failed: (reason: string) => void): void {
    const { socket, clock } = this.#options;
    if (!this.isOpen) {
      failed('the connection is closed');
      return;
    }
    this.#activeMs = clock.nowMs();
    socket.write(bytes, (error) => {
      if (error !== null && error !== undefined) failed(error.message);
    });
    if (socket.writableLength > BACKLOG_BYTES) socket.destroy();
  }

  /** What was written is sent first. */
  close(): void {
    this.#isOpen = false;
    this.#options.socket.end(() => this.#options.socket.destroy());
  }

  destroy(): void {
    this.#options.socket.destroy();
  }

  #receive(bytes: Buffer): void {
    if (!this.#isOpen) return;
    this.#activeMs = this.#options.clock.nowMs();
    const { onMessage, onPing, onBroken } = this.#options;
    const wasInside = this.#framer.isInside;
    let hasMessage = false;
    try {
      this.#framer.push(bytes, {
        message: (message) => {
          hasMessage = true;
          this.#relax();
          onMessage(message, this.hop);
        },
        ping: () => {
          this.#relax();
          onPing();
          this.send(Buffer.from('\r\n'), () => {});
        },
      });
    } catch (error) {
      if (!(error instanceof SipSyntaxError)) throw error;
      onBroken(error, this.hop);
      this.close();
      return;
    }
    // The time of a message counts from its first byte; drops of bytes do not prolong it.
    if (this.#framer.isInside && (!wasInside || hasMessage)) this.#expire(MESSAGE_WITHIN_MS);
  }

  #expire(ms: number): void {
    this.#deadline?.cancel();
    this.#deadline = this.#options.clock.after(ms, () => {
      this.#why = 'slow';
      this.#options.socket.destroy();
    });
  }

  #relax(): void {
    this.#deadline?.cancel();
    this.#deadline = null;
  }

  #checkIdle(): void {
    const leftMs = this.#activeMs + IDLE_MS - this.#options.clock.nowMs();
    if (leftMs > 0) {
      this.#idle = this.#options.clock.after(leftMs, () => this.#checkIdle());
      return;
    }
    this.#why = 'idle';
    this.#options.socket.destroy();
  }

  #closed(): void {
    this.#isOpen = false;
    this.#relax();
    this.#idle.cancel();
    this.#options.onClosed(this.#why);
  }
}
