import type { Clock } from '../runtime/clock.ts';
import type { Log } from '../runtime/log.ts';
import type { SipServerOptions } from './contract.ts';
import type { Counters } from './counters.ts';
import { AllowList } from './transport/allow-list.ts';
import { SourceGate } from './transport/source-gate.ts';
import { createStreamTransport, dialTcp, dialTls } from './transport/stream.ts';
import { listenTcp, listenTls } from './transport/stream-listener.ts';
import { readTlsFiles, watchTlsFiles } from './transport/tls-files.ts';
import type { Transport } from './transport/transport.ts';
import { createUdpTransport } from './transport/udp.ts';
import { bindUdp } from './transport/udp-socket.ts';

export interface Listening {
  /** UDP at `bind` comes first. */
  readonly transports: readonly [Transport, ...Transport[]];
  /** Stops the watch over the TLS files; the transports are closed by whoever uses them. */
  stop(): void;
}

/**
 * Opens every transport that the options name: UDP always, TCP and TLS where they have a port, each at one address or two.
 * What was opened before a failure is closed again. @throws SIP_PORT_BUSY, SIP_BIND_FAILED, SIP_TLS_UNUSABLE
 */
export async function openTransports(
  options: SipServerOptions,
  tools: { readonly clock: Clock; readonly counters: Counters; readonly log: Log },
): Promise<Listening> {
  const { bind, bind6 = null, externalAddress, tls = null } = options;
  const tcpPort = options.tcpPort ?? null;
  const { clock, counters, log } = tools;
  const gate = new SourceGate(new AllowList(options.allow), counters, log, clock, options.rates);
  const opened: Transport[] = [];
  const stops: (() => void)[] = [];
  try {
    let material = tls === null ? null : readTlsFiles(tls);
    const udp = async (address: string, external: string | null) => {
      const socket = await bindUdp(address, options.port);
      const transport = createUdpTransport({ socket, gate, externalAddress: external, counters });
      opened.push(transport);
      return transport;
    };
    const streams = async (address: string, external: string | null) => {
      const common = { gate, externalAddress: external, clock, counters, log };
      if (tcpPort !== null) {
        const listener = await listenTcp(address, tcpPort);
        opened.push(createStreamTransport({ ...common, protocol: 'tcp', listener, dial: dialTcp }));
      }
      if (tls === null || material === null) return;
      const first = material;
      const listener = await listenTls(address, tls.port, first, (source, reason) => {
        counters.increment('tls_handshakes_failed');
        log.debug({ source, reason }, 'TLS handshake failed');
      });
      const dial = dialTls(() => material ?? first, tls.verifyPeers);
      opened.push(createStreamTransport({ ...common, protocol: 'tls', listener, dial }));
      const watch = watchTlsFiles(tls, clock, log, (next) => {
        material = next;
        listener.replace(next);
      });
      stops.push(() => watch.stop());
    };
    const first = await udp(bind, externalAddress);
    await streams(bind, externalAddress);
    if (bind6 !== null) {
      await udp(bind6, null);
      await streams(bind6, null);
    }
    const stop = () => {
      for (const each of stops) each();
    };
    return { transports: [first, ...opened.slice(1)], stop };
  } catch (error) {
    for (const stop of stops) stop();
    await Promise.all(opened.map((transport) => transport.close()));
    throw error;
  }
}
