import { isDeepStrictEqual } from 'node:util';
import { type FakeAnswer, type FakeRequest, type HttpFake, startHttpFake } from './http-fake.ts';

interface Line {
  uid: string;
  catalog_object_id: string;
  quantity: string;
  note?: string;
  modifiers?: { catalog_object_id: string; quantity?: string }[];
}

interface Order {
  id: string;
  version: number;
  state: string;
  location_id: string;
  reference_id: string;
  ticket_name: string;
  metadata: Record<string, string>;
  line_items: Line[];
  fulfillments: { uid: string; type: string; state: string; pickup_details: { note?: string } }[];
  total_money: { amount: number; currency: string };
}

interface ChangeBody {
  idempotency_key?: string;
  fields_to_clear?: string[];
  order?: Partial<Order>;
}

export interface FakeSquare extends HttpFake {
  readonly orders: readonly Order[];
  /** The crew changes an order: its version moves on. */
  touch(id: string): void;
}

export const SQUARE_TOKEN = 'square-token';
export const SQUARE_LOCATION = 'LQ3N';

/**
 * Square's Orders API as its documents describe it: the same key with the same body gives the first answer, with another body
 * IDEMPOTENCY_KEY_REUSED on create and 200 without effect on update; updates need the current version; sparse line items are added;
 * COMPLETED and CANCELED orders are immutable; unknown catalogue ids are refused.
 */
export async function startFakeSquare(catalogue: Readonly<Record<string, number>>): Promise<FakeSquare> {
  const orders = new Map<string, Order>();
  const created = new Map<string, { body: unknown; order: Order }>();
  const updateKeys = new Set<string>();

  const total = (lines: readonly Line[]) =>
    lines.reduce((sum, line) => {
      const each = (line.modifiers ?? []).reduce(
        (price, { catalog_object_id: id, quantity = '1' }) => price + (catalogue[id] ?? 0) * Number(quantity),
        catalogue[line.catalog_object_id] ?? 0,
      );
      return sum + each * Number(line.quantity);
    }, 0);

  const checkLines = (lines: readonly Line[]): FakeAnswer | null => {
    for (const line of lines) {
      if (typeof line.quantity !== 'string') return fault(400, 'EXPECTED_STRING', 'order.line_items.quantity');
      for (const id of [line.catalog_object_id, ...(line.modifiers ?? []).map((each) => each.catalog_object_id)]) {
        if (catalogue[id] === undefined) return fault(404, 'NOT_FOUND', `Catalog object with ID ${id} not found`);
      }
    }
    return null;
  };

  const create = (body: ChangeBody): FakeAnswer => {
    const { idempotency_key: key, order } = body;
    if (key === undefined || order === undefined) return fault(400, 'MISSING_REQUIRED_PARAMETER', 'idempotency_key');
    const known = created.get(key);
    if (known !== undefined) {
      if (isDeepStrictEqual(known.body, body)) return { status: 200, body: { order: known.order } };
      return fault(400, 'IDEMPOTENCY_KEY_REUSED', 'Different request parameters used for the same idempotency_key');
    }
    if (order.location_id !== SQUARE_LOCATION) return fault(403, 'FORBIDDEN', 'location');
    if ((order.reference_id ?? '').length > 40) return fault(400, 'VALUE_TOO_LONG', 'order.reference_id');
    if ((order.ticket_name ?? '').length > 30) return fault(400, 'VALUE_TOO_LONG', 'order.ticket_name');
    const lines = order.line_items ?? [];
    const wrong = checkLines(lines);
    if (wrong !== null) return wrong;
    const made: Order = {
      id: `sq-${orders.size + 1}`,
      version: 1,
      state: 'OPEN',
      location_id: SQUARE_LOCATION,
      reference_id: order.reference_id ?? '',
      ticket_name: order.ticket_name ?? '',
      metadata: order.metadata ?? {},
      line_items: structuredClone(lines),
      fulfillments: (order.fulfillments ?? []).map((each, index) => ({ ...each, uid: `f${index + 1}` })),
      total_money: { amount: total(lines), currency: 'USD' },
    };
    orders.set(made.id, made);
    created.set(key, { body, order: made });
    return { status: 200, body: { order: made } };
  };

  const update = (
    order: Order,
    { idempotency_key: key, order: change = {}, fields_to_clear: clear = [] }: ChangeBody,
  ) => {
    if (key !== undefined && (updateKeys.has(key) || created.has(key))) return { status: 200, body: { order } };
    if (change.version !== order.version) {
      return fault(400, 'VERSION_MISMATCH', `Supplied version ${change.version} is not ${order.version}`);
    }
    if (order.state !== 'OPEN') return fault(400, 'BAD_REQUEST', `Order is ${order.state}`);
    const cleared = new Set(clear.map((path) => /^line_items\[(.+)\]$/.exec(path)?.[1]));
    const kept = order.line_items.filter(({ uid }) => !cleared.has(uid));
    const lines = [...kept, ...(change.line_items ?? [])];
    const wrong = checkLines(lines);
    if (wrong !== null) return wrong;
    const fulfillments = order.fulfillments.map((each) => ({
      ...each,
      ...change.fulfillments?.find(({ uid }) => uid === each.uid),
    }));
    if (change.state === 'CANCELED' && fulfillments.some(({ state }) => state !== 'CANCELED')) {
      return fault(400, 'BAD_REQUEST', 'fulfillments must be in a terminal state');
    }
    Object.assign(order, {
      version: order.version + 1,
      state: change.state ?? order.state,
      metadata: { ...order.metadata, ...change.metadata },
      line_items: lines,
      fulfillments,
      total_money: { amount: total(lines), currency: 'USD' },
    });
    if (key !== undefined) updateKeys.add(key);
    return { status: 200, body: { order } };
  };

  const serve = ({ method, path, headers, body }: FakeRequest): FakeAnswer => {
    if (headers.authorization !== `Bearer ${SQUARE_TOKEN}`) return fault(401, 'UNAUTHORIZED', 'token');
    if (headers['square-version'] === undefined) return fault(400, 'BAD_REQUEST', 'Square-Version');
    if (method === 'POST' && path === '/v2/orders') return create(body as ChangeBody);
    const order = orders.get(path.replace('/v2/orders/', ''));
    if (order === undefined) return fault(404, 'NOT_FOUND', path);
    if (method === 'GET') return { status: 200, body: { order } };
    return method === 'PUT' ? update(order, body as ChangeBody) : fault(405, 'METHOD_NOT_ALLOWED', method);
  };

  const fake = await startHttpFake(serve);
  return {
    ...fake,
    get orders() {
      return [...orders.values()];
    },
    touch: (id) => {
      const order = orders.get(id);
      if (order !== undefined) order.version++;
    },
  };
}

function fault(status: number, code: string, detail: string): FakeAnswer {
  return { status, body: { errors: [{ category: 'INVALID_REQUEST_ERROR', code, detail }] } };
}
