import { connect, type Socket } from 'node:net';

/** A bare TCP or TLS peer that speaks SIP text. */
export interface RawStream {
  readonly socket: Socket;
  readonly port: number;
  write(text: string): void;
  /** Resolves when what came so far holds `part`; the text since the last one that was found. */
  until(part: string): Promise<string>;
  readonly closed: Promise<void>;
}

export async function dialRaw(t: { teardown(task: () => void): void }, port: number): Promise<RawStream> {
  const socket = connect(port, '127.0.0.1');
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  return rawStream(t, socket);
}

export function rawStream(t: { teardown(task: () => void): void }, socket: Socket): RawStream {
  t.teardown(() => socket.destroy());
  let text = '';
  let wake: (() => void) | null = null;
  socket.on('data', (bytes) => {
    text += bytes.toString();
    wake?.();
  });
  socket.on('error', () => {});
  return {
    socket,
    port: socket.localPort ?? 0,
    write: (line) => socket.write(line),
    until: async (part) => {
      for (;;) {
        const at = text.indexOf(part);
        if (at >= 0) {
          const found = text;
          text = '';
          return found;
        }
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    closed: new Promise((resolve) => socket.once('close', () => resolve())),
  };
}

export interface StreamRequest {
  readonly method: string;
  readonly sequence: number;
  readonly transport: 'TCP' | 'TLS';
  /** What Via and Contact say of us. */
  readonly place: string;
  readonly to?: string;
  readonly body?: string;
}

export function streamRequest({ method, sequence, transport, place, to, body = '' }: StreamRequest): string {
  return [
    `${method} sip:order@127.0.0.1 SIP/2.0`,
    `Via: SIP/2.0/${transport} ${place};branch=z9hG4bK${method}${sequence}`,
    'Max-Forwards: 70',
    'From: <sip:post@127.0.0.1>;tag=post1',
    `To: ${to ?? '<sip:order@127.0.0.1>'}`,
    'Call-ID: stream@127.0.0.1',
    `CSeq: ${sequence} ${method}`,
    `Contact: <sip:post@${place};transport=${transport.toLowerCase()}>`,
    ...(body === '' ? [] : ['Content-Type: application/sdp']),
    `Content-Length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ].join('\r\n');
}
