import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { SipUserAgent } from './contract.ts';

export interface UserAgentOptions {
  /** The SIP server's address now, `drachtio://[:secret@]host:port`; null while it is away. Asked again at each attempt to connect. */
  readonly server: () => string | null;
  readonly log: Log;
  readonly clock?: Clock;
}

/** Connects to a SIP server; resolves when it is connected. @throws SIP_SERVER_UNREACHABLE, SIP_SERVER_URL_INVALID */
export async function createUserAgent(_options: UserAgentOptions): Promise<SipUserAgent> {
  throw new Error('being written');
}
