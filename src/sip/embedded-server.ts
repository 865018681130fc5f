import { randomBytes } from 'node:crypto';
import { lookup } from 'node:dns';
import { type Clock, systemClock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { EmbeddedSipServer, SipServerOptions } from './contract.ts';
import { Core } from './core/core.ts';
import { Counters } from './counters.ts';
import { DrachtioServer } from './drachtio-server/server.ts';
import { formatHost } from './message/uri.ts';
import { AllowList } from './transport/allow-list.ts';
import { createUdpTransport } from './transport/udp.ts';
import { bindUdp } from './transport/udp-socket.ts';

/** How long a stop waits for the answers to its BYEs. */
const DRAIN_MS = 2_000;

export interface EmbeddedSipServerOptions extends SipServerOptions {
  readonly log: Log;
  readonly clock?: Clock;
  /** Secret of the drachtio port; a random one by default. */
  readonly secret?: string;
}

/** Starts a SIP server in this process. @throws SIP_PORT_BUSY, SIP_BIND_FAILED */
export async function startEmbeddedSipServer(options: EmbeddedSipServerOptions): Promise<EmbeddedSipServer> {
  const { log, clock = systemClock, secret = randomBytes(24).toString('hex'), externalAddress } = options;
  const counters = new Counters();
  const socket = await bindUdp(options.bind, options.port);
  const allow = new AllowList(options.allow);
  const transport = createUdpTransport({ socket, allow, externalAddress, counters, log });
  const { address, port } = transport.local;
  const server = new DrachtioServer({ secret, clock, counters, log, local: { protocol: 'udp', address, port } });
  const core = new Core({
    transports: [transport],
    clock,
    counters,
    log,
    user: server,
    lookup: (host, found) => lookup(host, 4, (error, resolved) => found(error === null ? resolved : null)),
  });
  const applicationPort = await server.listen(core);
  const listening = [`udp/${formatHost(address)}:${port}`];
  log.info({ listening }, 'SIP server listens');
  return {
    url: `drachtio://:${secret}@127.0.0.1:${applicationPort}`,
    listening,
    counters: () => counters.snapshot(),
    close: async () => {
      server.stop();
      const endMs = clock.nowMs() + DRAIN_MS;
      while (core.client.openCount > 0 && clock.nowMs() < endMs)
        await new Promise<void>((resolve) => clock.after(20, resolve));
      await core.close();
    },
  };
}
