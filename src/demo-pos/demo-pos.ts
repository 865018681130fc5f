import { EventEmitter } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import { type Ticket, ticketSchema } from '../orders/ticket.ts';
import { messageOf } from '../runtime/errors.ts';

const BODY_LIMIT_BYTES = 1_000_000;

/** What the POS does with a request; anything but `accept` is a POS in trouble, for tests. */
export type DemoPosBehaviour =
  | { readonly kind: 'accept' }
  /** Answers so and takes nothing. */
  | { readonly kind: 'answer'; readonly status: number; readonly retryAfterSeconds?: number }
  /** Takes the order (`takes`) or not, and never answers. */
  | { readonly kind: 'silent'; readonly takes: boolean };

export interface DemoPosOptions {
  /** Standard Webhooks secret, `whsec_` + base64. */
  readonly secret: string;
  /** 0: any free port. */
  readonly port: number;
  readonly bind?: string;
  /** Asked for every request whose signature holds, with its number from 1. Without it every order is accepted. */
  readonly behave?: (request: { readonly key: string; readonly number: number }) => DemoPosBehaviour;
}

/** One order as the POS has it, however often it was sent. */
export interface DemoPosOrder {
  readonly orderId: string;
  readonly key: string;
  readonly ticket: Ticket;
}

interface DemoPosEvents {
  /** A new order. */
  order: [DemoPosOrder];
  /** Every request and what it got; status null: no answer. */
  request: [{ readonly key: string | null; readonly status: number | null }];
}

export interface DemoPos {
  readonly url: string;
  /** Oldest first, one a key. */
  readonly orders: readonly DemoPosOrder[];
  readonly events: EventEmitter<DemoPosEvents>;
  close(): Promise<void>;
}

/**
 * A small POS: takes signed tickets (Standard Webhooks: signature and a timestamp within 5 minutes) over HTTP and answers
 * `{orderId}`; the same key again gets the same order.
 */
export async function startDemoPos(options: DemoPosOptions): Promise<DemoPos> {
  const webhook = new Webhook(options.secret);
  const events = new EventEmitter<DemoPosEvents>();
  const orders = new Map<string, DemoPosOrder>();
  let requests = 0;

  const take = (key: string, ticket: Ticket): DemoPosOrder => {
    const known = orders.get(key);
    if (known !== undefined) return known;
    const order = { orderId: `pos-${orders.size + 1}`, key, ticket };
    orders.set(key, order);
    events.emit('order', order);
    return order;
  };

  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const answer = (status: number, body: object, key: string | null, headers: Record<string, string> = {}) => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
      events.emit('request', { key, status });
    };
    if (request.method !== 'POST') return answer(405, { error: 'orders are posted' }, null);
    const body = await readBody(request);
    if (body === null) return answer(413, { error: `over ${BODY_LIMIT_BYTES} bytes` }, null);
    const headers = headersOf(request);
    try {
      webhook.verify(body, headers, { jsonParse: false });
    } catch (error) {
      return answer(401, { error: messageOf(error) }, null);
    }
    const key = headers['webhook-id'];
    const ticket = ticketSchema.safeParse(parseJson(body));
    if (!ticket.success) return answer(422, { error: ticket.error.message }, key);
    if (ticket.data.idempotencyKey !== key) return answer(422, { error: 'webhook-id is not the key' }, key);
    const behaviour = options.behave?.({ key, number: ++requests }) ?? { kind: 'accept' };
    if (behaviour.kind === 'answer') {
      const retryAfter = behaviour.retryAfterSeconds;
      return answer(behaviour.status, {}, key, retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) });
    }
    if (behaviour.kind === 'silent') {
      if (behaviour.takes) take(key, ticket.data);
      events.emit('request', { key, status: null });
      return;
    }
    answer(200, { orderId: take(key, ticket.data).orderId }, key);
  };

  const server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.bind ?? '127.0.0.1', resolve);
  });
  const { address, port } = server.address() as AddressInfo;
  return {
    url: `http://${address}:${port}/orders`,
    get orders() {
      return [...orders.values()];
    },
    events,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** The body as text, or null when it is too long. */
async function readBody(request: IncomingMessage): Promise<string | null> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > BODY_LIMIT_BYTES) return null;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function headersOf(request: IncomingMessage) {
  const header = (name: string) => String(request.headers[name] ?? '');
  return {
    'webhook-id': header('webhook-id'),
    'webhook-timestamp': header('webhook-timestamp'),
    'webhook-signature': header('webhook-signature'),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
