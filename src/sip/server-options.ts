import { join } from 'node:path';
import type { SipServerOptions, SipTrunkUsers, SourceRate } from './contract.ts';

/** The part of a store's file that the SIP server is made of; its names are those of config/README.md. */
export interface SipSettings {
  readonly bind: string;
  readonly bind6: string | null;
  readonly port: number;
  readonly tcpPort: number | null;
  readonly tls: {
    readonly port: number;
    readonly cert: string;
    readonly key: string;
    readonly ca: string | null;
    readonly verifyPeers: boolean;
  } | null;
  readonly externalAddress: string | null;
  readonly trunks: readonly (SipTrunkUsers & SourceRate)[];
}

/** `dataDirectory`: where registrations outlive a restart. */
export function sipServerOptions(settings: SipSettings, dataDirectory: string): SipServerOptions {
  const { bind, bind6, port, tcpPort, externalAddress, trunks, tls } = settings;
  return {
    bind,
    bind6,
    port,
    tcpPort,
    tls:
      tls === null
        ? null
        : { port: tls.port, certFile: tls.cert, keyFile: tls.key, caFile: tls.ca, verifyPeers: tls.verifyPeers },
    externalAddress,
    allow: trunks.flatMap((trunk) => trunk.allow),
    trunkUsers: trunks.map(({ allow, match, users }) => ({ allow, users, ...(match === undefined ? {} : { match }) })),
    registrationsFile: join(dataDirectory, 'registrations.json'),
    rates: trunks.map(({ allow, requestsPerSecond }) => ({ allow, requestsPerSecond })),
  };
}
