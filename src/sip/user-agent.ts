import { type Clock, systemClock } from '../runtime/clock.ts';
import { SpeakerpostError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';
import type { IncomingInvite, PlaceCallOptions, SipDialog, SipUserAgent } from './contract.ts';
import type { RegisteredContact } from './registrar/binding.ts';
import type { DialRules } from './trunks/dial-rules.ts';
import { ServerConnection } from './user-agent/connection.ts';
import { AgentDialog } from './user-agent/dialog.ts';
import { firstAnswer } from './user-agent/first-answer.ts';
import { AgentInvite, type DialogMaker } from './user-agent/incoming-invite.ts';
import { placeCall } from './user-agent/outgoing-call.ts';
import type { SrfRequest, SrfResponse } from './user-agent/srf.ts';

export interface UserAgentOptions {
  /** The SIP server's address now, `drachtio://[:secret@]host:port`; null while it is away. Asked again at each attempt to connect. */
  readonly server: () => string | null;
  readonly log: Log;
  readonly clock?: Clock;
  /** Whom calls may be placed and transferred to; absent: anybody (the phone, tests). */
  readonly dialRules?: DialRules;
  /** Devices that are registered now; absent: none. */
  readonly registrations?: () => readonly RegisteredContact[];
}

/** Connects to a SIP server; resolves when it is connected. @throws SIP_SERVER_UNREACHABLE, SIP_SERVER_URL_INVALID */
export async function createUserAgent(options: UserAgentOptions): Promise<SipUserAgent> {
  const agent = new DrachtioUserAgent(options);
  await agent.connect();
  return agent;
}

/** The contract's user agent on drachtio-srf. Keeps the dialogs itself: drachtio's own have defects (see user-agent/srf.ts). */
class DrachtioUserAgent implements SipUserAgent {
  readonly #log: Log;
  readonly #clock: Clock;
  readonly #connection: ServerConnection;
  readonly #dialogs = new Map<string, AgentDialog>();
  readonly #ringing = new Map<string, AgentInvite>();
  readonly #stateListeners: ((state: 'connected' | 'lost') => void)[] = [];
  readonly #dialRules: DialRules | null;
  readonly #registrations: () => readonly RegisteredContact[];
  #inviteHandler: ((invite: IncomingInvite) => void) | null = null;
  #lost = new AbortController();

  constructor(options: UserAgentOptions) {
    this.#log = options.log;
    this.#dialRules = options.dialRules ?? null;
    this.#registrations = options.registrations ?? (() => []);
    this.#clock = options.clock ?? systemClock;
    this.#connection = new ServerConnection({
      server: options.server,
      clock: this.#clock,
      log: options.log,
      onRequest: (request, response) => this.#receive(request, response),
      onState: (state) => this.#follow(state),
    });
  }

  get listening(): readonly string[] {
    return this.#connection.listening;
  }

  connect(): Promise<void> {
    return this.#connection.connect();
  }

  onInvite(handler: (invite: IncomingInvite) => void): void {
    this.#inviteHandler = handler;
  }

  onServerState(listener: (state: 'connected' | 'lost') => void): void {
    this.#stateListeners.push(listener);
  }

  contactsOf(name: string): readonly RegisteredContact[] {
    return this.#registrations().filter((contact) => contact.name === name);
  }

  async placeCall(target: string, options: PlaceCallOptions): Promise<SipDialog> {
    const { trunk = null, route, signal } = options;
    const isRegistered = (uri: string) =>
      this.#registrations().some((each) => each.uri === uri && each.route === route);
    if (target.includes(':')) {
      // Who registered with a password is one of the store's own devices.
      if (!isRegistered(target)) this.#checkNumber(trunk, target);
      return this.#ring(target, options);
    }
    const contacts = this.contactsOf(target);
    if (contacts.length === 0) throw new SpeakerpostError('SIP_NOT_REGISTERED', { name: target });
    const ring = (contact: RegisteredContact, end: AbortSignal) =>
      this.#ring(contact.uri, { ...options, route: contact.route, signal: end });
    return firstAnswer(contacts, ring, signal);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#dialogs.values()].map((dialog) => dialog.bye()));
    this.#connection.close();
    this.#endAll('the user agent was closed');
  }

  #receive(request: SrfRequest, response: SrfResponse): void {
    const dialog = this.#dialogs.get(request.stackDialogId ?? '');
    if (dialog !== undefined) {
      dialog.receive(request, response);
      return;
    }
    if (request.method === 'ACK') return;
    const early = this.#ringing.get(request.stackDialogId ?? '');
    if (early !== undefined) {
      early.receive(request, response);
      return;
    }
    if (request.method !== 'INVITE' || request.stackDialogId) {
      response.send(481, 'Call/Transaction Does Not Exist', {});
      return;
    }
    const invite: AgentInvite = new AgentInvite(request, response, (its) => this.#open(its, this.#trunkOf(invite)));
    if (this.#inviteHandler === null) {
      invite.reject(480, 'Temporarily Unavailable');
      return;
    }
    const { dialogId } = invite;
    const forget = () => {
      if (this.#ringing.get(dialogId) === invite) this.#ringing.delete(dialogId);
    };
    this.#ringing.set(dialogId, invite);
    response.once('end', forget);
    invite.onCancel(forget);
    this.#inviteHandler(invite);
  }

  async #ring(uri: string, options: PlaceCallOptions): Promise<SipDialog> {
    const { srf } = this.#connection;
    return placeCall(srf, uri, options, (its) => this.#open(its, options.trunk ?? null), this.#lost.signal);
  }

  /** @throws SIP_NUMBER_REFUSED */
  #checkNumber(trunk: string | null, target: string): void {
    const reason = this.#dialRules?.refusal(trunk, target) ?? null;
    if (reason !== null) throw new SpeakerpostError('SIP_NUMBER_REFUSED', { target, reason });
  }

  /** The trunk that an INVITE came by; null where there are no rules. */
  #trunkOf(invite: IncomingInvite): string | null {
    const { source, from } = invite;
    return this.#dialRules?.trunkOf({ address: source.address, from, header: (name) => invite.header(name) }) ?? null;
  }

  #open(its: Parameters<DialogMaker>[0], trunk: string | null): AgentDialog {
    const { id } = its;
    const dialog = new AgentDialog({
      ...its,
      srf: this.#connection.srf,
      clock: this.#clock,
      log: this.#log,
      checkNumber: (target) => this.#checkNumber(trunk, target),
      onEnded: () => this.#dialogs.delete(id),
    });
    this.#dialogs.set(id, dialog);
    return dialog;
  }

  #follow(state: 'connected' | 'lost'): void {
    if (state === 'lost') {
      this.#log.warn({ dialogs: this.#dialogs.size }, 'connection to the SIP server lost');
      this.#endAll('the connection to the SIP server is lost');
    }
    for (const listener of this.#stateListeners) listener(state);
  }

  #endAll(reason: string): void {
    this.#lost.abort();
    this.#lost = new AbortController();
    for (const invite of [...this.#ringing.values()]) invite.cancel();
    for (const dialog of [...this.#dialogs.values()]) dialog.end(reason);
  }
}
