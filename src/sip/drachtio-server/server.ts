import { createServer, type Server } from 'node:net';
import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { Core, CoreUser } from '../core/core.ts';
import type { Dialog } from '../core/dialog.ts';
import type { IncomingRequest } from '../core/incoming-request.ts';
import type { Counters } from '../counters.ts';
import type { SipRequest } from '../message/message.ts';
import { formatHost } from '../message/uri.ts';
import { writeMessage } from '../message/writer.ts';
import { cancelOf } from '../transaction/client-transaction.ts';
import type { Hop } from '../transport/transport.ts';
import { AppCommands } from './app-commands.ts';
import { AppConnection } from './app-connection.ts';
import { defaultAnswer } from './default-answer.ts';
import { networkLeader, unsolicitedLeader, wireTime } from './wire.ts';

export interface DrachtioServerOptions {
  readonly secret: string;
  readonly clock: Clock;
  readonly counters: Counters;
  readonly log: Log;
  /** Where SIP is served, as applications are told; the first is the default. */
  readonly locals: readonly [Hop, ...Hop[]];
}

/**
 * The server side of the drachtio wire protocol on loopback: hands requests of the network to applications (round robin by
 * method, in-dialog requests to the dialog's owner) and does what they ask. When an application's connection closes, its dialogs end.
 */
export class DrachtioServer implements CoreUser {
  readonly #options: DrachtioServerOptions;
  readonly #connections = new Set<AppConnection>();
  readonly #incoming = new Map<string, IncomingRequest>();
  readonly #server: Server;
  #core: Core | null = null;
  #commands: AppCommands | null = null;
  #turn = 0;

  constructor(options: DrachtioServerOptions) {
    this.#options = options;
    const { secret, clock, counters, locals } = options;
    counters.gauge('applications', () => this.#connections.size);
    this.#server = createServer((socket) => {
      const connection = new AppConnection({
        socket,
        secret,
        hostPorts: locals.map(({ protocol, address, port }) => `${protocol}/${formatHost(address)}:${port}`),
        clock,
        counters,
        onSip: (from, commandId, tokens, text) => this.#commands?.run(from, commandId, tokens, text),
        onClose: () => this.#release(connection),
      });
      this.#connections.add(connection);
    });
  }

  /** Starts to listen on 127.0.0.1; resolves with the port. */
  async listen(core: Core): Promise<number> {
    this.#core = core;
    this.#commands = new AppCommands(
      core,
      this.#options.clock,
      (hop) => localFor(this.#options.locals, hop),
      this.#incoming,
    );
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(0, '127.0.0.1', resolve);
    });
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  request(request: IncomingRequest): void {
    const { message, dialog } = request;
    const owner = this.#ownerOf(dialog) ?? this.#choose(message.method);
    if (owner === null) {
      const answer = defaultAnswer(message.method);
      const { log } = this.#options;
      if (message.method === 'INVITE') log.warn({ source: request.from.address }, 'call refused: no application');
      this.#core?.server.respond(request, answer);
      return;
    }
    request.owner = owner;
    this.#track(request);
    const isNew = dialog === null;
    const { address, port } = localFor(this.#options.locals, request.from);
    this.#pass(owner, message, request.from, request.id, dialog?.id ?? '', isNew ? { address, port } : null);
  }

  ack(dialog: Dialog, ack: SipRequest, from: Hop, inviteId: string): void {
    const owner = this.#ownerOf(dialog);
    if (owner !== null) this.#pass(owner, ack, from, inviteId, dialog.id, null);
  }

  cancelled(invite: IncomingRequest): void {
    const owner = invite.owner;
    if (!(owner instanceof AppConnection)) return;
    const cancel = cancelOf(invite.message);
    this.#pass(owner, cancel, invite.from, invite.id, invite.dialog?.id ?? '', null);
  }

  ended(dialog: Dialog, bye: SipRequest): void {
    const owner = this.#ownerOf(dialog);
    const bytes = writeMessage(bye);
    owner?.send(unsolicitedLeader(bytes.length, this.#now(), dialog.id), bytes);
  }

  /** Takes no more applications, and lets go of those that are here (their dialogs get BYE). */
  stop(): void {
    this.#server.close();
    for (const connection of this.#connections) {
      this.#release(connection);
      connection.close();
    }
  }

  #choose(method: string): AppConnection | null {
    const willing = [...this.#connections].filter((each) => each.routes.has(method.toLowerCase()));
    return willing[this.#turn++ % Math.max(1, willing.length)] ?? null;
  }

  #ownerOf(dialog: Dialog | null): AppConnection | null {
    return dialog?.owner instanceof AppConnection && this.#connections.has(dialog.owner) ? dialog.owner : null;
  }

  #pass(
    owner: AppConnection,
    message: SipRequest,
    from: Hop,
    transactionId: string,
    dialogId: string,
    receivedOn: { readonly address: string; readonly port: number } | null,
  ): void {
    const bytes = writeMessage(message);
    const leader = { bytes: bytes.length, from, time: this.#now(), transactionId, dialogId, receivedOn };
    owner.send(networkLeader(leader), bytes);
  }

  #track(request: IncomingRequest): void {
    this.#incoming.set(request.id, request);
    request.onAnswered = () => this.#incoming.delete(request.id);
  }

  #release(connection: AppConnection): void {
    if (!this.#connections.delete(connection)) return;
    this.#core?.releaseOwner(connection, 'The application is gone');
  }

  #now(): string {
    return wireTime(this.#options.clock.wallMs());
  }
}

function localFor(locals: readonly [Hop, ...Hop[]], peer: Hop): Hop {
  const isSame = (each: Hop) =>
    each.protocol === peer.protocol && each.address.includes(':') === peer.address.includes(':');
  return locals.find(isSame) ?? locals[0];
}
