import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { EmbeddedSipServer, SipServerOptions } from './contract.ts';

export interface EmbeddedSipServerOptions extends SipServerOptions {
  readonly log: Log;
  readonly clock?: Clock;
}

/** Starts a SIP server in this process. @throws SIP_PORT_BUSY, SIP_BIND_FAILED */
export async function startEmbeddedSipServer(_options: EmbeddedSipServerOptions): Promise<EmbeddedSipServer> {
  throw new Error('being written');
}
