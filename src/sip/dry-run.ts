import { isIPv6 } from 'node:net';
import { systemClock } from '../runtime/clock.ts';
import { silentLog } from '../runtime/log.ts';
import { Authenticator } from './auth/authenticator.ts';
import type { SipServerOptions } from './contract.ts';
import { Core, type CoreUser } from './core/core.ts';
import { Counters } from './counters.ts';
import { headerOf, type SipRequest } from './message/message.ts';
import { parseMessage } from './message/reader.ts';
import { SipSyntaxError } from './message/syntax-error.ts';
import { AllowList } from './transport/allow-list.ts';
import { SourceGate } from './transport/source-gate.ts';
import { createUdpTransport } from './transport/udp.ts';
import type { DatagramSocket } from './transport/udp-socket.ts';

/** What the SIP server makes of a request before anybody above it is asked. */
export type DryRun =
  | { readonly kind: 'dropped'; readonly why: 'source' | 'scanner' | 'syntax'; readonly detail: string }
  | { readonly kind: 'refused'; readonly status: number; readonly reason: string; readonly headers: string }
  | { readonly kind: 'passed'; readonly request: SipRequest; readonly asksForPassword: boolean };

/**
 * Gives a request to the server's own gate, parser, authenticator and core, on a socket that is none: what happens to it here happens to
 * it on the network. A password cannot be tried (its nonce is the server's), so a request that is asked for one goes on as if it had it.
 */
export async function dryRunRequest(
  bytes: Uint8Array,
  source: { readonly address: string; readonly port: number },
  options: Pick<SipServerOptions, 'allow' | 'trunkUsers'>,
): Promise<DryRun> {
  const first = await dryRun(bytes, source, options);
  if (first.kind !== 'refused' || first.status !== 401) return first;
  const second = await dryRun(bytes, source, { allow: options.allow });
  return second.kind === 'passed' ? { ...second, asksForPassword: true } : second;
}

async function dryRun(
  bytes: Uint8Array,
  source: { readonly address: string; readonly port: number },
  { allow, trunkUsers = [] }: Pick<SipServerOptions, 'allow' | 'trunkUsers'>,
): Promise<DryRun> {
  const tools = { clock: systemClock, counters: new Counters(), log: silentLog };
  const gate = new SourceGate(new AllowList(allow), tools.counters, tools.log, tools.clock);
  const wire = new NoSocket(isIPv6(source.address) ? '::1' : '127.0.0.1');
  const passed: SipRequest[] = [];
  const core = new Core({
    ...tools,
    transports: [createUdpTransport({ socket: wire, gate, externalAddress: null, counters: tools.counters })],
    user: listener((request) => passed.push(request)),
    authenticator: new Authenticator(trunkUsers, tools),
  });
  wire.receive(bytes, source.address, source.port);
  await core.close();
  const [request] = passed;
  if (request !== undefined) return { kind: 'passed', request, asksForPassword: false };
  const counts = tools.counters.snapshot();
  if (counts['dropped_source']) return { kind: 'dropped', why: 'source', detail: source.address };
  if (counts['dropped_syntax']) return { kind: 'dropped', why: 'syntax', detail: syntaxFault(bytes) };
  if (counts['dropped_scanner']) return { kind: 'dropped', why: 'scanner', detail: agentOf(bytes) };
  return wire.answer ?? { kind: 'dropped', why: 'syntax', detail: 'it is no request that is answered' };
}

/** A socket without a network: it keeps the last final answer. */
class NoSocket implements DatagramSocket {
  readonly address: string;
  readonly port = 5060;
  answer: Extract<DryRun, { kind: 'refused' }> | null = null;
  #listener: Parameters<DatagramSocket['onMessage']>[0] = () => {};

  constructor(address: string) {
    this.address = address;
  }

  receive(bytes: Uint8Array, address: string, port: number): void {
    this.#listener(bytes, address, port);
  }

  onMessage(listener: Parameters<DatagramSocket['onMessage']>[0]): void {
    this.#listener = listener;
  }

  onError(): void {}

  send(bytes: Uint8Array, _address: string, _port: number, done: (error: Error | null) => void): void {
    const message = parseMessage(bytes);
    if (message.kind === 'response' && message.status >= 200) {
      const telling = ['unsupported', 'min-se', 'accept', 'allow', 'warning'];
      const shown = message.headers.filter(({ name }) => telling.includes(name));
      const headers = shown.map(({ name, value }) => `${name}: ${value}`).join(', ');
      this.answer = { kind: 'refused', status: message.status, reason: message.reason, headers };
    }
    done(null);
  }

  async close(): Promise<void> {}
}

function listener(request: (message: SipRequest) => void): CoreUser {
  return {
    request: ({ message }) => request(message),
    ack: () => {},
    cancelled: () => {},
    ended: () => {},
  };
}

function syntaxFault(bytes: Uint8Array): string {
  try {
    parseMessage(bytes);
    return '';
  } catch (error) {
    if (error instanceof SipSyntaxError) return error.message;
    throw error;
  }
}

function agentOf(bytes: Uint8Array): string {
  return headerOf(parseMessage(bytes), 'user-agent') ?? '';
}
