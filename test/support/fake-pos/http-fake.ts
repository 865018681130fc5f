import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A fault of the next request that would change something; anything else is served as the vendor does. */
export type Fault =
  | { readonly kind: 'answer'; readonly status: number; readonly retryAfterSeconds?: number }
  /** Does what was asked and never answers. */
  | { readonly kind: 'silent' };

export interface FakeRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: unknown;
}

export interface FakeAnswer {
  readonly status: number;
  readonly body: unknown;
}

export interface HttpFake {
  readonly url: string;
  readonly requests: FakeRequest[];
  /** Taken from the front, one for each request that is not a GET or a login. */
  readonly faults: Fault[];
  close(): Promise<void>;
}

/** A vendor's server: `serve` holds its rules, `faults` what goes wrong on the way. */
export async function startHttpFake(serve: (request: FakeRequest) => FakeAnswer): Promise<HttpFake> {
  const requests: FakeRequest[] = [];
  const faults: Fault[] = [];
  const server = createServer(async (incoming, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString('utf8');
    const request = {
      method: incoming.method ?? '',
      path: decodeURIComponent(incoming.url ?? ''),
      headers: incoming.headers,
      body: text === '' ? null : JSON.parse(text),
    };
    requests.push(request);
    const isChange = request.method !== 'GET' && !/login|prices/.test(request.path);
    const fault = isChange ? faults.shift() : undefined;
    if (fault?.kind === 'answer') {
      const { status, retryAfterSeconds: after } = fault;
      response.writeHead(status, after === undefined ? {} : { 'retry-after': String(after) }).end();
      return;
    }
    const { status, body } = serve(request);
    if (fault?.kind === 'silent') return;
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    faults,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
