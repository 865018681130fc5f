import { createSocket } from 'node:dgram';
import { once } from 'node:events';

/** What became of a bare caller's calls. */
export interface BareOutcome {
  readonly calls: number;
  readonly completed: number;
  /** INVITE to 200, BYE to 200, milliseconds. */
  readonly setUpMs: readonly number[];
  readonly tearDownMs: readonly number[];
}

interface BareCall {
  readonly startMs: number;
  byeMs: number;
}

const sdp =
  'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\na=sendrecv\r\n';

/**
 * Places calls at a steady rate over one UDP socket with hardly any work of its own: text is filled in, answers are read by their first
 * line, Call-ID and CSeq, nothing is sent twice. INVITE, 200, ACK, `holdMs`, BYE, 200.
 */
export async function callAtRate(
  port: number,
  { perSecond, calls, holdMs }: { readonly perSecond: number; readonly calls: number; readonly holdMs: number },
): Promise<BareOutcome> {
  const socket = createSocket({ type: 'udp4', recvBufferSize: 1 << 22 });
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  const local = socket.address().port;
  const series = `bare${local}${Math.round(performance.now())}`;
  const open = new Map<string, BareCall>();
  const setUpMs: number[] = [];
  const tearDownMs: number[] = [];
  const send = (method: string, sequence: number, id: string, to: string, body: string) =>
    socket.send(request({ method, sequence, id, to, body, local, port }), port, '127.0.0.1');
  socket.on('message', (bytes) => {
    const text = bytes.toString('latin1');
    if (!text.startsWith('SIP/2.0 200')) return;
    const id = headerIn(text, 'Call-ID');
    const call = open.get(id);
    if (call === undefined) return;
    if (headerIn(text, 'CSeq') === '1 INVITE') {
      if (call.byeMs > 0) return;
      setUpMs.push(performance.now() - call.startMs);
      call.byeMs = 1;
      const to = headerIn(text, 'To');
      send('ACK', 1, id, to, '');
      setTimeout(() => {
        call.byeMs = performance.now();
        send('BYE', 2, id, to, '');
      }, holdMs);
    } else {
      tearDownMs.push(performance.now() - call.byeMs);
      open.delete(id);
    }
  });
  await place(perSecond, calls, (n) => {
    const id = `${series}-${n}@127.0.0.1`;
    open.set(id, { startMs: performance.now(), byeMs: 0 });
    send('INVITE', 1, id, '<sip:order@127.0.0.1>', sdp);
  });
  const endMs = performance.now() + 5_000;
  while (open.size > 0 && performance.now() < endMs) await new Promise((resolve) => setTimeout(resolve, 50));
  socket.close();
  return { calls, completed: tearDownMs.length, setUpMs, tearDownMs };
}

/** A few calls each 5 ms, so many that the rate holds over any time. */
async function place(perSecond: number, calls: number, start: (n: number) => void): Promise<void> {
  const startMs = performance.now();
  let placed = 0;
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const due = Math.min(calls, Math.floor(((performance.now() - startMs) / 1_000) * perSecond));
      while (placed < due) start(placed++);
      if (placed < calls) return;
      clearInterval(timer);
      resolve();
    }, 5);
  });
}

interface BareRequest {
  readonly method: string;
  readonly sequence: number;
  readonly id: string;
  readonly to: string;
  readonly body: string;
  readonly local: number;
  readonly port: number;
}

function request({ method, sequence, id, to, body, local, port }: BareRequest): string {
  return (
    `${method} sip:order@127.0.0.1:${port} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:${local};branch=z9hG4bK${id}${method};rport\r\n` +
    `Max-Forwards: 70\r\nFrom: <sip:post@127.0.0.1:${local}>;tag=${id}\r\nTo: ${to}\r\nCall-ID: ${id}\r\nCSeq: ${sequence} ${method}\r\n` +
    `Contact: <sip:post@127.0.0.1:${local}>\r\n${body === '' ? '' : 'Content-Type: application/sdp\r\n'}Content-Length: ${body.length}\r\n\r\n${body}`
  );
}

function headerIn(text: string, name: string): string {
  const start = text.indexOf(`\r\n${name}: `);
  return start < 0 ? '' : text.slice(start + name.length + 4, text.indexOf('\r\n', start + 2));
}
