import { randomBytes } from 'node:crypto';
import { lookup } from 'node:dns';
import { isIPv6 } from 'node:net';
import { type Clock, systemClock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import { Authenticator } from './auth/authenticator.ts';
import type { EmbeddedSipServer, SipServerOptions } from './contract.ts';
import { Core } from './core/core.ts';
import { Counters } from './counters.ts';
import { DrachtioServer } from './drachtio-server/server.ts';
import { openTransports } from './listen.ts';
import { formatHost } from './message/uri.ts';
import type { RegisteredContact } from './registrar/binding.ts';
import { Registrar } from './registrar/registrar.ts';
import type { Hop, Transport } from './transport/transport.ts';

/** How long a stop waits for the answers to its BYEs. */
const DRAIN_MS = 2_000;

export interface EmbeddedSipServerOptions extends SipServerOptions {
  readonly log: Log;
  readonly clock?: Clock;
  /** Called when devices come and go. */
  readonly onRegistrations?: (contacts: readonly RegisteredContact[]) => void;
  /** Secret of the drachtio port; a random one by default. */
  readonly secret?: string;
}

/** Starts a SIP server in this process. @throws SIP_PORT_BUSY, SIP_BIND_FAILED, SIP_TLS_UNUSABLE */
export async function startEmbeddedSipServer(options: EmbeddedSipServerOptions): Promise<EmbeddedSipServer> {
  const { log, clock = systemClock, secret = randomBytes(24).toString('hex') } = options;
  const counters = new Counters();
  const { transports, stop } = await openTransports(options, { clock, counters, log });
  const local = ({ protocol, local: { address, port } }: Transport): Hop => ({ protocol, address, port });
  const [first, ...others] = transports;
  const locals: readonly [Hop, ...Hop[]] = [local(first), ...others.map(local)];
  const server = new DrachtioServer({ secret, clock, counters, log, locals });
  const family = locals.some((each) => isIPv6(each.address))
    ? locals.every((each) => isIPv6(each.address))
      ? 6
      : 0
    : 4;
  const trunkUsers = options.trunkUsers ?? [];
  const authenticator = new Authenticator(trunkUsers, { clock, counters, log });
  const { registrationsFile: file = null, onRegistrations = () => {} } = options;
  const registrar = trunkUsers.some((trunk) => trunk.users.length > 0)
    ? new Registrar({ file, clock, counters, log, onChange: onRegistrations })
    : null;
  const core = new Core({
    transports,
    clock,
    counters,
    log,
    user: server,
    authenticator,
    registrar:
      registrar === null
        ? null
        : (request, from) => registrar.answer(request, from, authenticator.userOf(request, from)),
    lookup: (host, found) => lookup(host, family, (error, resolved) => found(error === null ? resolved : null)),
  });
  const applicationPort = await server.listen(core);
  const listening = locals.map(({ protocol, address, port }) => `${protocol}/${formatHost(address)}:${port}`);
  log.info({ listening }, 'SIP server listens');
  return {
    url: `drachtio://:${secret}@127.0.0.1:${applicationPort}`,
    listening,
    counters: () => counters.snapshot(),
    registrations: () => registrar?.contacts ?? [],
    close: async () => {
      stop();
      registrar?.close();
      server.stop();
      const endMs = clock.nowMs() + DRAIN_MS;
      while (core.client.openCount > 0 && clock.nowMs() < endMs)
        await new Promise<void>((resolve) => clock.after(20, resolve));
      await core.close();
    },
  };
}
