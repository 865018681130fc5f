import { chmodSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { describeError, type ErrorRecord } from '../../runtime/errors.ts';
import {
  type ClientMessage,
  decodeClientMessage,
  type EngineMessage,
  encodeEngineMessage,
  longestMessage,
  MessageSplitter,
} from './frame-port.ts';
import type { LaneLease, LaneRequest, LaneScheduler, LaneSink } from './lane-scheduler.ts';
import { Pool } from './pool.ts';

/** Two seconds of a lane's frames that the client has not taken. */
const mostUnsentFrames = 25;
/** A client that reads nothing but keeps opening lanes is cut off here. */
const mostUnsentBytes = 16 * 1024 * 1024;
const ownerOnly = 0o600;
const mostPooledMessages = 256;

export interface PortServerOptions {
  readonly socketPath: string;
  readonly scheduler: LaneScheduler;
  /** The text stream that says `words` on the lane. Throws LANE_WORDS_INVALID. */
  readonly textStream: (words: string, lane: number) => readonly number[];
  readonly textLeadMs: number;
  /** Where a frame's samples go. Default: new ones. */
  readonly takeSamples?: () => Float32Array;
  /** A connection was closed because of what came over it. */
  readonly onInvalid: (error: ErrorRecord) => void;
}

export interface PortServer {
  close(): void;
}

/** Listens on the socket (mode 0600); a connection that ends frees its lanes. */
export async function startPortServer(options: PortServerOptions): Promise<PortServer> {
  rmSync(options.socketPath, { force: true }); // left behind by a process that was killed
  const connections = new Set<Connection>();
  const server: Server = createServer((socket) => {
    const connection = new Connection(socket, options);
    connections.add(connection);
    socket.on('close', () => connections.delete(connection));
  });
  const umask = process.umask(0o177); // the socket must never be open to others, not even before chmod
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(options.socketPath, resolve);
    });
  } finally {
    process.umask(umask);
  }
  chmodSync(options.socketPath, ownerOnly);
  return {
    close() {
      server.close();
      for (const connection of connections) connection.end();
    },
  };
}

/** `opening` until the scheduler has answered, `ended` when the client closed before that. */
type Conversation = { lease: LaneLease | 'opening' | 'ended'; unsentFrames: number };

class Connection {
  readonly #socket: Socket;
  readonly #options: PortServerOptions;
  readonly #splitter = new MessageSplitter();
  readonly #messages = new Pool(() => Buffer.allocUnsafeSlow(4 + longestMessage), mostPooledMessages);
  readonly #conversations = new Map<number, Conversation>();
  #lastConversation = 0;
  #isCorked = false;

  constructor(socket: Socket, options: PortServerOptions) {
    this.#socket = socket;
    this.#options = options;
    socket.on('data', (chunk) => this.#read(chunk));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#releaseAll());
    this.#send({ kind: 'hello', textLeadMs: options.textLeadMs, lanes: options.scheduler.lanes });
  }

  end(): void {
    this.#socket.end();
  }

  #read(chunk: Buffer): void {
    try {
      for (const message of this.#splitter.push(chunk))
        this.#take(decodeClientMessage(message, this.#options.takeSamples));
    } catch (error) {
      this.#options.onInvalid(describeError(error));
      this.#socket.destroy();
    }
  }

  #take(message: ClientMessage): void {
    const conversation = this.#conversations.get(message.conversation);
    switch (message.kind) {
      case 'open':
        // Numbers that only rise cannot be used twice, and need no memory of those that ended.
        if (message.conversation <= this.#lastConversation) {
          this.#options.onInvalid({
            code: 'FRAME_PORT_INVALID',
            details: { reason: `conversation ${message.conversation} was opened before` },
          });
          this.#socket.destroy();
          return;
        }
        this.#lastConversation = message.conversation;
        void this.#open(message.conversation, { ...message, personaId: message.persona });
        return;
      case 'user': // one that has failed already may still get frames that were on their way
        if (typeof conversation?.lease === 'object') conversation.lease.push(message.frame, message.samples);
        return;
      case 'say':
        if (typeof conversation?.lease === 'object') this.#say(message, conversation.lease);
        return;
      case 'close':
        this.#release(message.conversation);
    }
  }

  #say({ conversation, saying, words }: Extract<ClientMessage, { kind: 'say' }>, lease: LaneLease): void {
    const said = (error: ErrorRecord | null) => this.#send({ kind: 'said', conversation, saying, error });
    try {
      lease.give(this.#options.textStream(words, lease.index), () => said(null));
    } catch (error) {
      said(describeError(error));
    }
  }

  async #open(number: number, request: LaneRequest): Promise<void> {
    const conversation: Conversation = { lease: 'opening', unsentFrames: 0 };
    this.#conversations.set(number, conversation);
    try {
      const lease = await this.#options.scheduler.open(request, this.#sink(number, conversation));
      if (conversation.lease === 'ended') {
        lease.close();
        return;
      }
      conversation.lease = lease;
      this.#send({ kind: 'opened', conversation: number, lane: lease.index });
    } catch (error) {
      this.#conversations.delete(number);
      this.#send({ kind: 'refused', conversation: number, error: describeError(error) });
    }
  }

  #sink(number: number, conversation: Conversation): LaneSink {
    return {
      agentFrame: (frame) => {
        conversation.unsentFrames++;
        const bytes = this.#messages.take();
        const onSent = (): void => {
          conversation.unsentFrames--;
          this.#messages.give(bytes);
        };
        this.#send({ kind: 'agent', conversation: number, frame }, (length) => bytes.subarray(0, length), onSent);
        const lane = typeof conversation.lease === 'object' ? conversation.lease.index : -1;
        if (conversation.unsentFrames <= mostUnsentFrames) return;
        this.#release(number);
        const details = { lane, frames: conversation.unsentFrames };
        this.#send({ kind: 'failed', conversation: number, error: { code: 'LANE_STALLED', details } });
      },
      failed: (error) => {
        this.#conversations.delete(number);
        this.#send({ kind: 'failed', conversation: number, error });
      },
    };
  }

  #release(number: number): void {
    const conversation = this.#conversations.get(number);
    if (conversation === undefined) return;
    this.#conversations.delete(number);
    if (typeof conversation.lease === 'object') conversation.lease.close();
    conversation.lease = 'ended';
  }

  #releaseAll(): void {
    for (const number of [...this.#conversations.keys()]) this.#release(number);
  }

  /** What is sent in one go of the event loop is one system call. */
  #cork(): void {
    if (this.#isCorked) return;
    this.#isCorked = true;
    this.#socket.cork();
    process.nextTick(() => {
      this.#isCorked = false;
      this.#socket.uncork();
    });
  }

  #send(message: EngineMessage, allocate?: (length: number) => Buffer<ArrayBuffer>, onSent?: () => void): void {
    if (!this.#socket.writable) return;
    this.#cork();
    this.#socket.write(encodeEngineMessage(message, allocate), onSent);
    if (this.#socket.writableLength > mostUnsentBytes) this.#socket.destroy();
  }
}
