import { createSocket } from 'node:dgram';

/** A bare UDP peer that speaks SIP line by line, for what no user agent of ours would say. */
export interface RawPeer {
  readonly port: number;
  send(text: string, port: number): void;
  /** The first message that starts so and holds `part`, now or later. */
  until(start: string, part?: string): Promise<string>;
}

export async function openRawPeer(t: { teardown(task: () => void): void }): Promise<RawPeer> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', resolve));
  t.teardown(() => socket.close());
  const seen: string[] = [];
  const waiting = new Set<() => void>();
  socket.on('message', (bytes) => {
    seen.push(bytes.toString());
    for (const wake of [...waiting]) wake();
  });
  return {
    port: socket.address().port,
    send: (text, port) => socket.send(text, port, '127.0.0.1'),
    until: async (start, part = '') => {
      for (;;) {
        const found = seen.find((text) => text.startsWith(start) && text.includes(part));
        if (found !== undefined) return found;
        await new Promise<void>((resolve) => {
          const wake = () => {
            waiting.delete(wake);
            resolve();
          };
          waiting.add(wake);
        });
      }
    },
  };
}

export interface RawRequest {
  readonly method: string;
  readonly sequence: number;
  /** Where our peer listens. */
  readonly port: number;
  readonly to?: string;
  readonly contentType?: string;
  readonly body?: string;
}

export function rawRequest({ method, sequence, port, to, contentType, body = '' }: RawRequest): string {
  return [
    `${method} sip:order@127.0.0.1 SIP/2.0`,
    `Via: SIP/2.0/UDP 127.0.0.1:${port};branch=z9hG4bK${method}${sequence};rport`,
    'Max-Forwards: 70',
    'From: <sip:post@127.0.0.1>;tag=post1',
    `To: ${to ?? '<sip:order@127.0.0.1>'}`,
    'Call-ID: raw@127.0.0.1',
    `CSeq: ${sequence} ${method}`,
    `Contact: <sip:post@127.0.0.1:${port}>`,
    ...(contentType === undefined ? [] : [`Content-Type: ${contentType}`]),
    `Content-Length: ${Buffer.byteLength(body)}`,
    '',
    body,
  ].join('\r\n');
}

/** The value of a header in a message's text. */
export function rawHeader(text: string, name: string): string {
  const line = text.split('\r\n').find((each) => each.startsWith(`${name}: `));
  return line?.slice(name.length + 2) ?? '';
}

/** 200 to a request's text. */
export function rawOk(request: string): string {
  const copied = ['Via', 'From', 'To', 'Call-ID', 'CSeq'].map((name) => `${name}: ${rawHeader(request, name)}`);
  return ['SIP/2.0 200 OK', ...copied, 'Content-Length: 0', '', ''].join('\r\n');
}
