import type { Clock } from '../../runtime/clock.ts';
import type { Log } from '../../runtime/log.ts';
import type { Authenticator } from '../auth/authenticator.ts';
import type { Counters } from '../counters.ts';
import type { SipRequest } from '../message/message.ts';
import { formatHost } from '../message/uri.ts';
import { TransactionLayer } from '../transaction/transaction-layer.ts';
import type { Hop, Protocol, Transport } from '../transport/transport.ts';
import { ClientCore } from './client-core.ts';
import type { Dialog } from './dialog.ts';
import { DialogTable } from './dialog-table.ts';
import type { Answer, IncomingRequest } from './incoming-request.ts';
import { randomIds } from './random-ids.ts';
import { RouteFinder } from './route-finder.ts';
import { ServerCore } from './server-core.ts';

/** Who stands above the core: the drachtio server, or a test. */
export interface CoreUser {
  /** A request to be answered with `core.server.respond`. 100 has been sent to an INVITE. */
  request(request: IncomingRequest): void;
  /** The ACK of the 2xx that answered the request `inviteId`. */
  ack(dialog: Dialog, ack: SipRequest, from: Hop, inviteId: string): void;
  /** The caller took an INVITE back; 487 has been sent. */
  cancelled(invite: IncomingRequest, cancel: SipRequest): void;
  /** The SIP layer itself ended a dialog, e.g. for want of an ACK; `bye` carries the Reason. */
  ended(dialog: Dialog, bye: SipRequest): void;
}

export interface CoreOptions {
  /** The first is the one that requests without a transport go out on. */
  readonly transports: readonly [Transport, ...Transport[]];
  readonly clock: Clock;
  readonly counters: Counters;
  readonly log: Log;
  readonly user: CoreUser;
  /** Refuses requests outside of a dialog whose sender must show a password first. */
  readonly authenticator?: Pick<Authenticator, 'check'> | null;
  /** Answers REGISTER; null: it goes to the user as any request. */
  readonly registrar?: ((request: SipRequest, from: Hop) => Answer) | null;
  /** Random identifiers (tags, branches, Call-IDs): 16 hexadecimal digits. */
  readonly newId?: () => string;
  /** 0 to 1, for times that two sides must not choose alike. */
  readonly random?: () => number;
  /** A host name's address; IP addresses never come here. */
  readonly lookup?: (host: string, found: (address: string | null) => void) => void;
}

/** What both halves of the core share. */
export interface CoreContext extends Required<Omit<CoreOptions, 'lookup'>> {
  readonly layer: TransactionLayer;
  readonly dialogs: DialogTable;
  readonly hostPort: string;
  /** The transport for a protocol and the family of an address. */
  transportFor(protocol: Protocol, address: string): Transport | undefined;
  /** Our Contact in a message over `hop`; `isSips` where the peer asked by a SIPS URI (RFC 3261 12.1.1). */
  contactOn(hop: Hop, isSips?: boolean): string;
}

/** The user agent core (RFC 3261 figure 1): transactions below, dialogs inside, an application above. */
export class Core {
  readonly server: ServerCore;
  readonly client: ClientCore;
  readonly dialogs: DialogTable;
  readonly #context: CoreContext;

  constructor(options: CoreOptions) {
    const { transports, clock, counters } = options;
    const transportFor = (protocol: Protocol, to: string) =>
      transports.find((each) => each.protocol === protocol && each.local.address.includes(':') === to.includes(':'));
    const layer = new TransactionLayer(transportFor, clock, counters, {
      request: (transaction) => this.server.receive(transaction),
      ack: (ack, from) => this.server.receiveAck(ack, from),
    });
    const { address, port } = transports[0].local;
    const hostPort = `${formatHost(address)}:${port}`;
    this.dialogs = new DialogTable(counters);
    this.#context = {
      newId: randomIds(),
      random: Math.random,
      authenticator: null,
      registrar: null,
      ...options,
      layer,
      dialogs: this.dialogs,
      hostPort,
      transportFor,
      contactOn: (hop, isSips = false) => {
        const own = (transportFor(hop.protocol, hop.address) ?? transports[0]).local;
        const place = `${formatHost(own.address)}:${own.port}`;
        if (isSips) return `<sips:${place}>`;
        return hop.protocol === 'udp' ? `<sip:${place}>` : `<sip:${place};transport=${hop.protocol}>`;
      },
    };
    const routes = new RouteFinder(transportFor, options.lookup ?? ((_host, found) => found(null)));
    this.client = new ClientCore(this.#context, routes);
    this.server = new ServerCore(this.#context, this.client);
    for (const transport of transports)
      transport.start({
        message: (message, from) => layer.receive(message, from),
        unreadable: (error, from) => this.server.refuseUnreadable(error, from, transport),
      });
  }

  /** `address:port` in our Contact. */
  get hostPort(): string {
    return this.#context.hostPort;
  }

  /** An application is gone: BYE on its dialogs, 503 to callers that wait for it, CANCEL of what it was calling. */
  releaseOwner(owner: object, reason: string): void {
    this.server.releaseOwner(owner);
    this.client.releaseOwner(owner);
    for (const dialog of this.dialogs.ofOwner(owner)) this.client.endDialog(dialog, 503, reason);
  }

  /** No timer runs afterwards. */
  async close(): Promise<void> {
    for (const dialog of this.dialogs.all()) this.dialogs.remove(dialog);
    this.server.close();
    this.#context.layer.close();
    await Promise.all(this.#context.transports.map((transport) => transport.close()));
  }
}
