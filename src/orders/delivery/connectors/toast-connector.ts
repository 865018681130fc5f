import { z } from 'zod';
import type { Clock } from '../../../runtime/clock.ts';
import type { ToastTarget } from '../../contract.ts';
import type { Ticket } from '../../ticket.ts';
import type { PosAnswer, PosAttempt, PosConnector } from '../pos-connector.ts';
import {
  ConversationEnded,
  exchange,
  type HttpAnswer,
  type HttpRequest,
  judgeFailure,
  judgeStatus,
} from './http-exchange.ts';
import { parseJson } from './parse-json.ts';
import { centsOf, totalsReview } from './ticket-text.ts';
import { ToastLogin } from './toast-login.ts';
import { externalIdOf, toastOrder } from './toast-order.ts';

const orderAnswer = z.object({
  guid: z.string().min(1),
  voided: z.boolean().nullish(),
  checks: z.array(z.object({ totalAmount: z.number().nullish() })).nullish(),
});
type ToastOrder = z.infer<typeof orderAnswer>;

/** Statuses by which Toast may say that the externalId is there already; a look decides. */
const maybeDuplicate = new Set([400, 409, 422]);

/**
 * Toast Orders API v2. `POST /prices`, then `POST /orders` under an `externalId` that is unique for good: a second one fails, is
 * looked up and counts as delivered. Answers take up to 30 s. Orders are never changed: a later revision is an order of its own, and then
 * the earlier one is voided. In this order a failure between them leaves two orders and a retry, never none.
 */
export class ToastConnector implements PosConnector {
  readonly isSequential = true;
  readonly #target: ToastTarget;
  readonly #clock: Clock;
  readonly #login: ToastLogin;

  constructor(target: ToastTarget, clock: Clock) {
    this.#target = target;
    this.#clock = clock;
    this.#login = new ToastLogin(target, clock);
  }

  async send(ticket: Ticket, { previous }: PosAttempt): Promise<PosAnswer> {
    try {
      if (ticket.status !== 'voided') return await this.#place(ticket, previous?.posOrderId ?? null);
      if (previous === null) return { kind: 'accepted', detail: 'Toast never had it', posOrderId: null };
      await this.#void(ticket, previous.posOrderId);
      return { kind: 'accepted', detail: 'voided', posOrderId: previous.posOrderId };
    } catch (error) {
      return judgeFailure(error, this.#target.timeoutMs);
    }
  }

  async #place(ticket: Ticket, supersededGuid: string | null): Promise<PosAnswer> {
    const mapped = toastOrder(ticket, this.#target);
    if ('missing' in mapped) return { kind: 'refused', detail: mapped.missing };
    const { order, detail, pricedCents } = await this.#create(ticket, mapped);
    const review = totalsReview(ticket, totalCents(order) ?? pricedCents);
    if (supersededGuid !== null && supersededGuid !== order.guid) await this.#void(ticket, supersededGuid);
    return { kind: 'accepted', detail, posOrderId: order.guid, ...(review === undefined ? {} : { review }) };
  }

  async #create(ticket: Ticket, mapped: object) {
    const prices = await this.#ask(ticket, 'POST', '/orders/v2/prices', mapped);
    // What Toast cannot price it will not take either; unless it has it already and says so here.
    const pricedCents = prices.status < 300 ? totalCents(readOrder(prices, false)) : null;
    const answer = prices.status < 300 ? await this.#ask(ticket, 'POST', '/orders/v2/orders', mapped) : prices;
    if (maybeDuplicate.has(answer.status)) {
      const path = `/orders/v2/orders/${encodeURIComponent(externalIdOf(ticket, this.#target))}`;
      const found = await this.#ask(ticket, 'GET', path);
      if (found.status === 200) return { order: this.#orderOf(found), detail: 'there already', pricedCents };
      // "Not there" settles it; anything else (a time-out, 503) leaves open whether it is.
      if (found.status !== 404 && found.status !== 400) this.#orderOf(found);
    }
    return { order: this.#orderOf(answer), detail: `HTTP ${answer.status}`, pricedCents };
  }

  async #void(ticket: Ticket, guid: string): Promise<void> {
    const path = `/orders/v2/orders/${encodeURIComponent(guid)}`;
    if (this.#orderOf(await this.#ask(ticket, 'GET', path)).voided === true) return;
    const everything = { selections: { voidAll: true }, payments: { voidAll: true } };
    const answer = await this.#ask(ticket, 'POST', `${path}/void`, everything);
    const failure = judgeStatus(answer, this.#clock, `order ${guid} cannot be voided: ${messageOf(answer)}`);
    if (failure !== null) throw new ConversationEnded(failure);
  }

  #orderOf(answer: HttpAnswer): ToastOrder {
    const failure = judgeStatus(answer, this.#clock, messageOf(answer));
    if (failure !== null) throw new ConversationEnded(failure);
    const order = readOrder(answer, true);
    if (order !== null) return order;
    throw new ConversationEnded({ kind: 'retry', detail: `HTTP ${answer.status} without an order`, waitMs: null });
  }

  /** A token that Toast no longer knows is replaced once. */
  async #ask(ticket: Ticket, method: HttpRequest['method'], path: string, body?: object): Promise<HttpAnswer> {
    const restaurant = ticket.store.externalId;
    if (restaurant === null) {
      throw new ConversationEnded({ kind: 'refused', detail: 'store.externalId, the Toast restaurant, is not set' });
    }
    const { url, timeoutMs } = this.#target;
    for (let isLast = false; ; isLast = true) {
      const headers = {
        authorization: `Bearer ${await this.#login.token()}`,
        'toast-restaurant-external-id': restaurant,
        'content-type': 'application/json',
      };
      const request = { method, url: `${url.replace(/\/$/, '')}${path}`, headers };
      const answer = await exchange(
        body === undefined ? request : { ...request, body: JSON.stringify(body) },
        timeoutMs,
      );
      if (answer.status !== 401 || isLast) return answer;
      this.#login.forget();
    }
  }
}

function readOrder(answer: HttpAnswer, needsGuid: boolean): ToastOrder | null {
  const schema = needsGuid
    ? orderAnswer
    : orderAnswer.extend({
        guid: z
          .string()
          .nullish()
          .transform((id) => id ?? ''),
      });
  return schema.safeParse(parseJson(answer.text)).data ?? null;
}

/** Null when the order names no total, or one that is no whole number of cents. */
function totalCents(order: ToastOrder | null): number | null {
  let sum = 0;
  for (const { totalAmount } of order?.checks ?? []) {
    const cents = typeof totalAmount === 'number' ? centsOf(totalAmount) : null;
    if (cents === null) return null;
    sum += cents;
  }
  return (order?.checks ?? []).length === 0 ? null : sum;
}

function messageOf(answer: HttpAnswer): string {
  const fault = z.object({ message: z.string() }).safeParse(parseJson(answer.text));
  return fault.success ? fault.data.message : answer.text;
}
