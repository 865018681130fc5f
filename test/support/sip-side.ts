import { silentLog } from '../../src/runtime/log.ts';
import type { EmbeddedSipServer, SipUserAgent } from '../../src/sip/contract.ts';
import { startEmbeddedSipServer } from '../../src/sip/embedded-server.ts';
import { createUserAgent } from '../../src/sip/user-agent.ts';

/** A SIP server on any free port of loopback that lets everybody in. */
export const onLoopback = { bind: '127.0.0.1', port: 0, externalAddress: null, allow: null, log: silentLog } as const;

export interface SipSide {
  readonly agent: SipUserAgent;
  readonly server: EmbeddedSipServer;
  /** Where it is called. */
  readonly uri: string;
  readonly port: number;
  close(): Promise<void>;
}

/** An embedded server and a user agent on it. */
export async function startSipSide(): Promise<SipSide> {
  const server = await startEmbeddedSipServer(onLoopback);
  const agent = await createUserAgent({ server: () => server.url, log: silentLog });
  const address = server.listening[0]?.slice('udp/'.length) ?? '';
  return {
    agent,
    server,
    uri: `sip:order@${address}`,
    port: Number(address.split(':')[1]),
    close: async () => {
      await agent.close();
      await server.close();
    },
  };
}
