import { createSocket } from 'node:dgram';

/** An even UDP port of 127.0.0.1 that was free a moment ago, for a program that must be told its port. */
export async function freeUdpPort(): Promise<number> {
  for (let tries = 0; tries < 50; tries++) {
    const port = await new Promise<number>((resolve, reject) => {
      const socket = createSocket('udp4');
      socket.once('error', reject);
      socket.bind(0, '127.0.0.1', () => {
        const { port } = socket.address();
        socket.close(() => resolve(port));
      });
    });
    if (port % 2 === 0) return port;
  }
  throw new Error('no free even UDP port');
}
