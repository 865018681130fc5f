import { createSocket, type SocketOptions } from 'node:dgram';

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** A bound UDP socket as the media session needs it. Nothing here throws after the bind: the network's errors are counted. */
export interface UdpSocket {
  readonly port: number;
  /** `bytes` is lent for the time of the call. */
  onDatagram(listener: (bytes: Buffer, from: Endpoint) => void): void;
  /** Hands the datagram to the kernel; `bytes` must stay as it is until then (a few packets' time). */
  send(bytes: Uint8Array, to: Endpoint): void;
  /** Lets the kernel drop what comes from anybody else. */
  connect(to: Endpoint): void;
  disconnect(): void;
  /** ICMP errors (a connected socket reports them) and full buffers. */
  readonly errors: number;
  close(): void;
}

/** Binds a UDP port; rejects with the system's error (EADDRINUSE) when it is taken. */
export type BindUdp = (address: string, port: number) => Promise<UdpSocket>;

// dgram looks every address up; for a literal that is a turn of the event loop for each packet.
const literalOnly: NonNullable<SocketOptions['lookup']> = (address, _options, done) => done(null, address, 4);

export const bindUdp: BindUdp = (address, port) =>
  new Promise((resolve, reject) => {
    const socket = createSocket({ type: 'udp4', lookup: literalOnly, recvBufferSize: 256 * 1024 });
    let connected = false;
    let closed = false;
    let errors = 0;
    const countError = (error: Error | null) => {
      if (error !== null) errors++;
    };
    socket.once('error', reject);
    socket.bind({ address, port, exclusive: true }, () => {
      socket.off('error', reject);
      socket.on('error', countError);
      resolve({
        port: socket.address().port,
        get errors() {
          return errors;
        },
        onDatagram: (listener) => void socket.on('message', listener),
        send(bytes, to) {
          if (closed) return;
          if (connected) socket.send(bytes, countError);
          else socket.send(bytes, to.port, to.address, countError);
        },
        connect(to) {
          if (connected || closed) return;
          socket.connect(to.port, to.address, () => {
            connected = !closed;
          });
        },
        disconnect() {
          if (!connected || closed) return;
          socket.disconnect();
          connected = false;
        },
        close() {
          if (closed) return;
          closed = true;
          connected = false;
          socket.close();
        },
      });
    });
  });
