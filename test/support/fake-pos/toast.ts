import { randomUUID } from 'node:crypto';
import { type FakeAnswer, type FakeRequest, type HttpFake, startHttpFake } from './http-fake.ts';

interface Selection {
  externalId?: string;
  item?: { guid: string };
  itemGroup?: { guid: string };
  optionGroup?: { guid: string };
  preModifier?: { guid: string };
  selectionType?: string;
  displayName?: string;
  quantity: number;
  modifiers?: Selection[];
}

interface Check {
  externalId?: string;
  customer?: { firstName?: string; lastName?: string; email?: string; phone?: string };
  selections: Selection[];
  totalAmount?: number;
}

interface Order {
  guid: string;
  externalId: string;
  voided: boolean;
  diningOption: { guid: string };
  checks: Check[];
}

export interface ToastMenu {
  /** Item guid to its group's. */
  readonly groups: Readonly<Record<string, string>>;
  readonly dollars: Readonly<Record<string, number>>;
  readonly preModifiers: readonly string[];
}

export interface FakeToast extends HttpFake {
  readonly orders: readonly Order[];
  /** Every token given so far is worth nothing any more. */
  expireTokens(): void;
}

export const TOAST_RESTAURANT = 'restaurant-guid';
export const TOAST_DINING_OPTION = 'drive-thru-guid';
export const TOAST_SECRET = 'toast-client-secret';

/**
 * Toast's Orders API v2 as its documents describe it: a machine client's login, externalIds of orders, checks and selections unique for
 * good, item and group on every selection, option groups on modifiers whose quantity is the selection's, guest data on take-out,
 * decimal dollars, orders that are voided but never deleted.
 */
export async function startFakeToast(menu: ToastMenu): Promise<FakeToast> {
  const orders: Order[] = [];
  const externalIds = new Set<string>();
  const tokens = new Set<string>();

  const priceOf = ({ item, preModifier, modifiers = [], quantity }: Selection): number => {
    const own = item === undefined || preModifier?.guid === 'pre-no' ? 0 : (menu.dollars[item.guid] ?? 0);
    return Math.round(own * 100) * quantity + modifiers.reduce((sum, each) => sum + priceOf(each), 0);
  };

  const wrongModifier = (modifier: Selection, quantity: number): string | null => {
    if (modifier.quantity !== quantity) return 'modifier quantity must match the selection quantity';
    if (modifier.selectionType === 'SPECIAL_REQUEST') return modifier.displayName ? null : 'displayName is empty';
    if (modifier.optionGroup === undefined) return 'optionGroup is required on a modifier';
    if (menu.dollars[modifier.item?.guid ?? ''] === undefined) return `unknown modifier ${modifier.item?.guid}`;
    const before = modifier.preModifier?.guid;
    return before === undefined || menu.preModifiers.includes(before) ? null : `unknown pre-modifier ${before}`;
  };

  const wrongOrder = (order: Order): string | null => {
    if (order.diningOption?.guid !== TOAST_DINING_OPTION) return 'unknown dining option';
    if (!Array.isArray(order.checks) || order.checks.length === 0) return 'checks must not be empty';
    for (const check of order.checks) {
      const { firstName, lastName, email, phone } = check.customer ?? {};
      if (!(firstName && lastName && email && phone)) return 'take-out needs customer information';
      if (check.selections.length === 0) return 'selections must not be empty';
      for (const selection of check.selections) {
        const { item, itemGroup, quantity, modifiers = [] } = selection;
        if (item === undefined || menu.groups[item.guid] === undefined) return `unknown item ${item?.guid}`;
        if (itemGroup?.guid !== menu.groups[item.guid]) return `wrong itemGroup ${itemGroup?.guid}`;
        for (const modifier of modifiers) {
          const wrong = wrongModifier(modifier, quantity);
          if (wrong !== null) return wrong;
        }
      }
    }
    return null;
  };

  const priced = (order: Order): Order => ({
    ...order,
    checks: order.checks.map((check) => ({
      ...check,
      totalAmount: check.selections.reduce((sum, each) => sum + priceOf(each), 0) / 100,
    })),
  });

  const create = (order: Order): FakeAnswer => {
    const ids = [order, ...order.checks, ...order.checks.flatMap((check) => check.selections)]
      .map((each) => each.externalId)
      .filter((id) => id !== undefined);
    const taken = ids.find((id) => externalIds.has(id));
    if (taken !== undefined) return fault(400, `externalId ${taken} already exists`);
    if (ids.some((id) => !/^[A-Za-z0-9_-]+:/.test(id))) return fault(400, 'externalId lacks the naming authority');
    for (const id of ids) externalIds.add(id);
    const made = { ...priced(order), guid: randomUUID(), voided: false };
    orders.push(made);
    return { status: 200, body: made };
  };

  const login = (body: unknown): FakeAnswer => {
    if ((body as { clientSecret?: string }).clientSecret !== TOAST_SECRET) return fault(401, 'wrong client');
    const accessToken = randomUUID();
    tokens.add(accessToken);
    return { status: 200, body: { token: { tokenType: 'Bearer', accessToken, expiresIn: 86_400 } } };
  };

  const serve = ({ method, path, headers, body }: FakeRequest): FakeAnswer => {
    if (path === '/authentication/v1/authentication/login') return login(body);
    if (!tokens.has((headers.authorization ?? '').replace('Bearer ', ''))) return fault(401, 'token');
    if (headers['toast-restaurant-external-id'] !== TOAST_RESTAURANT) return fault(403, 'restaurant');
    if (method === 'POST' && (path === '/orders/v2/prices' || path === '/orders/v2/orders')) {
      const order = body as Order;
      const wrong = wrongOrder(order);
      if (wrong !== null) return fault(400, wrong);
      return path.endsWith('prices') ? { status: 200, body: priced(order) } : create(order);
    }
    const [, id = '', action] = /^\/orders\/v2\/orders\/([^/]+)(\/void)?$/.exec(path) ?? [];
    const found = orders.find((each) => each.guid === id || each.externalId === id);
    if (found === undefined) return fault(404, `no order ${id}`);
    if (action === undefined) return { status: 200, body: found };
    if (found.voided) return fault(400, 'the order is voided already');
    const { selections, payments } = body as { selections?: { voidAll: boolean }; payments?: { voidAll: boolean } };
    if (selections?.voidAll !== true || payments?.voidAll !== true) return fault(400, 'voidAll is required');
    found.voided = true;
    return { status: 200, body: found };
  };

  const fake = await startHttpFake(serve);
  return { ...fake, orders, expireTokens: () => tokens.clear() };
}

function fault(status: number, message: string): FakeAnswer {
  return { status, body: { status, code: 0, message } };
}
