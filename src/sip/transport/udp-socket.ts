import { createSocket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { SpeakerpostError } from '../../runtime/errors.ts';

/** A bound datagram socket, as far as SIP needs it; tests hand in one of their own. */
export interface DatagramSocket {
  readonly address: string;
  readonly port: number;
  onMessage(listener: (bytes: Uint8Array, address: string, port: number) => void): void;
  /** Errors of no single datagram of ours, such as an ICMP error of some peer: no reason to stop. */
  onError(listener: () => void): void;
  send(bytes: Uint8Array, address: string, port: number, done: (error: Error | null) => void): void;
  close(): Promise<void>;
}

/** @throws SIP_PORT_BUSY, SIP_BIND_FAILED */
export async function bindUdp(address: string, port: number): Promise<DatagramSocket> {
  const socket = createSocket({ type: isIPv6(address) ? 'udp6' : 'udp4', recvBufferSize: 1 << 20 });
  await new Promise<void>((resolve, reject) => {
    socket.once('error', (error: NodeJS.ErrnoException) => {
      const details = { address, port, reason: error.message };
      reject(new SpeakerpostError(error.code === 'EADDRINUSE' ? 'SIP_PORT_BUSY' : 'SIP_BIND_FAILED', details, error));
    });
    socket.bind({ address, port, exclusive: true }, resolve);
  });
  socket.removeAllListeners('error');
  // One listener at least: without any, Node would throw.
  socket.on('error', () => {});
  const bound = socket.address();
  let isClosed = false;
  return {
    address: bound.address,
    port: bound.port,
    onMessage: (listener) => socket.on('message', (bytes, from) => listener(bytes, from.address, from.port)),
    onError: (listener) => socket.on('error', () => listener()),
    send: (bytes, to, toPort, done) => {
      if (isClosed) done(new Error('the socket is closed'));
      else socket.send(bytes, toPort, to, (error) => done(error));
    },
    close: () =>
      new Promise((resolve) => {
        if (isClosed) return resolve();
        isClosed = true;
        socket.close(resolve);
      }),
  };
}
