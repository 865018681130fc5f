import type { Log } from '../runtime/log.ts';
import type { SipServerOptions, SipServerProcess } from './contract.ts';

export interface SipServerProcessOptions extends SipServerOptions {
  readonly log: Log;
}

/** Starts the SIP server as a child process; resolves when it listens. @throws SIP_PORT_BUSY, SIP_BIND_FAILED, SIP_SERVER_START_FAILED */
export async function startSipServerProcess(_options: SipServerProcessOptions): Promise<SipServerProcess> {
  throw new Error('being written');
}
