import { type AddressInfo, createServer, type Socket } from 'node:net';

export interface FakePrinter {
  readonly url: string;
  /** Printed slips as text, without commands; a slip ends at its cut. */
  readonly slips: readonly string[];
  readonly state: {
    paper: boolean;
    online: boolean;
    /** Prints and keeps silent so many times. */
    silentSlips: number;
    /** Takes no connection. */
    refuses: boolean;
  };
  close(): Promise<void>;
}

/**
 * An ESC/POS printer on TCP: answers real-time status (DLE EOT), prints text, obeys the commands that slips use and nothing
 * else (an unknown one is an error on paper), and reports process ids (GS ( H) after what came before is printed.
 */
export async function startFakePrinter(): Promise<FakePrinter> {
  const slips: string[] = [];
  const state = { paper: true, online: true, silentSlips: 0, refuses: false };
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    if (state.refuses) {
      socket.resetAndDestroy();
      return;
    }
    let waiting = Buffer.alloc(0);
    let text = '';
    let isSilent = false;
    const obey = (): number => {
      const [a = 0, b = 0, c = 0] = waiting;
      if (a === 0x10 && b === 0x04 && waiting.length >= 3) {
        const status = c === 1 ? 0x12 | (state.online ? 0 : 0x08) : 0x12 | (state.paper ? 0 : 0x60);
        socket.write(Buffer.from([status]));
        return 3;
      }
      if (a === 0x1b && b === 0x40) return 2;
      if (a === 0x1b && (b === 0x74 || b === 0x45)) return waiting.length >= 3 ? 3 : 0;
      if (a === 0x1d && b === 0x21) return waiting.length >= 3 ? 3 : 0;
      if (a === 0x1d && b === 0x56) {
        if (waiting.length < 4) return 0;
        slips.push(text);
        text = '';
        isSilent = state.silentSlips > 0;
        if (isSilent) state.silentSlips--;
        return 4;
      }
      if (a === 0x1d && b === 0x28) {
        if (waiting.length < 11) return 0;
        if (!isSilent)
          socket.write(Buffer.concat([Buffer.from([0x37, 0x22]), waiting.subarray(7, 11), Buffer.from([0])]));
        return 11;
      }
      if (a === 0x1b || a === 0x1d || a === 0x10) {
        if (waiting.length < 2) return 0;
        text += `<unknown ${a.toString(16)} ${b.toString(16)}>`;
        return 2;
      }
      text += String.fromCharCode(a);
      return 1;
    };
    socket.on('data', (chunk: Buffer) => {
      waiting = Buffer.concat([waiting, chunk]);
      for (let used = -1; waiting.length > 0 && used !== 0; ) {
        used = obey();
        waiting = waiting.subarray(used);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `tcp://127.0.0.1:${port}`,
    slips,
    state,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
