import type { Test } from 'tap';
import type { Clock } from '../../../src/runtime/clock.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import type { EmbeddedSipServer, SipServerOptions, SipUserAgent } from '../../../src/sip/contract.ts';
import { startEmbeddedSipServer } from '../../../src/sip/embedded-server.ts';
import type { DialRules } from '../../../src/sip/trunks/dial-rules.ts';
import { createUserAgent } from '../../../src/sip/user-agent.ts';

export const offer =
  'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n';
export const answer = offer.replace('4000', '5000');

export interface SipStation {
  readonly server: EmbeddedSipServer;
  readonly agent: SipUserAgent;
  /** Port of the server's transport. */
  port(protocol: 'udp' | 'tcp' | 'tls'): number;
  counter(name: string): number;
}

/** An embedded server with a user agent on it, closed when the test ends. */
export async function startStation(
  t: Test,
  options: Partial<SipServerOptions> & { readonly clock?: Clock; readonly dialRules?: DialRules } = {},
): Promise<SipStation> {
  const server = await startEmbeddedSipServer({
    bind: '127.0.0.1',
    port: 0,
    externalAddress: null,
    allow: null,
    log: silentLog,
    ...options,
  });
  const agent = await createUserAgent({
    server: () => server.url,
    log: silentLog,
    registrations: () => server.registrations(),
    ...(options.dialRules === undefined ? {} : { dialRules: options.dialRules }),
  });
  t.teardown(async () => {
    await agent.close();
    await server.close();
  });
  return {
    server,
    agent,
    port: (protocol) => {
      const place = server.listening.find((each) => each.startsWith(`${protocol}/`)) ?? '';
      return Number(place.slice(place.lastIndexOf(':') + 1));
    },
    counter: (name) => server.counters()[name] ?? 0,
  };
}
