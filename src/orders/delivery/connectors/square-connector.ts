import { z } from 'zod';
import type { Clock } from '../../../runtime/clock.ts';
import type { SquareTarget } from '../../contract.ts';
import type { Ticket } from '../../ticket.ts';
import type { PosAnswer, PosAttempt, PosConnector } from '../pos-connector.ts';
import { ConversationEnded, exchange, type HttpRequest, judgeFailure, judgeStatus } from './http-exchange.ts';
import { parseJson } from './parse-json.ts';
import { REVISION_KEY, squareOrder } from './square-order.ts';
import { totalsReview } from './ticket-text.ts';

const API_VERSION = '2025-10-16';

const orderAnswer = z.object({
  order: z.object({
    id: z.string().min(1),
    version: z.int(),
    state: z.string().optional(),
    metadata: z.record(z.string(), z.string()).optional(),
    line_items: z.array(z.object({ uid: z.string() })).optional(),
    fulfillments: z.array(z.object({ uid: z.string(), state: z.string().optional() })).optional(),
    total_money: z.object({ amount: z.int() }).optional(),
  }),
});
type SquareOrder = z.infer<typeof orderAnswer>['order'];

const errorAnswer = z.object({
  errors: z.array(z.object({ code: z.string(), detail: z.string().optional(), field: z.string().optional() })).min(1),
});

/**
 * Square Orders API. A first revision is CreateOrder under the ticket's key, which gives the same order however often it is sent.
 * A later one is UpdateOrder at the order's current version under a key of its own. Square answers 200 without applying anything
 * when it knows the key of an update, so the order's metadata carry the revision and are looked at. A void cancels the order.
 */
export class SquareConnector implements PosConnector {
  readonly isSequential = true;
  readonly #target: SquareTarget;
  readonly #clock: Clock;

  constructor(target: SquareTarget, clock: Clock) {
    this.#target = target;
    this.#clock = clock;
  }

  async send(ticket: Ticket, { previous }: PosAttempt): Promise<PosAnswer> {
    try {
      if (previous !== null) return await this.#update(ticket, previous.posOrderId);
      if (ticket.status === 'voided') return { kind: 'accepted', detail: 'Square never had it', posOrderId: null };
      return await this.#create(ticket);
    } catch (error) {
      return judgeFailure(error, this.#target.timeoutMs);
    }
  }

  async #create(ticket: Ticket): Promise<PosAnswer> {
    const order = this.#orderOf(ticket);
    const body = { idempotency_key: ticket.idempotencyKey, order };
    return this.#accepted(ticket, await this.#ask('POST', '/v2/orders', body));
  }

  async #update(ticket: Ticket, id: string): Promise<PosAnswer> {
    const path = `/v2/orders/${encodeURIComponent(id)}`;
    const current = await this.#ask('GET', path);
    if (revisionOf(current) >= ticket.revision) return this.#accepted(ticket, current);
    const isVoid = ticket.status === 'voided';
    const changed = isVoid
      ? { state: 'CANCELED', fulfillments: current.fulfillments?.map(({ uid }) => ({ uid, state: 'CANCELED' })) }
      : { line_items: this.#orderOf(ticket).line_items };
    const updated = await this.#ask('PUT', path, {
      idempotency_key: ticket.idempotencyKey,
      // Line items of a sparse order are added to those there: the earlier revision's are cleared by their uids.
      fields_to_clear: isVoid ? [] : (current.line_items ?? []).map(({ uid }) => `line_items[${uid}]`),
      order: {
        location_id: this.#locationOf(ticket),
        version: current.version,
        metadata: { [REVISION_KEY]: String(ticket.revision) },
        ...changed,
      },
    });
    if (revisionOf(updated) < ticket.revision) {
      return { kind: 'refused', detail: `Square answers 200 and has not applied revision ${ticket.revision}` };
    }
    return this.#accepted(ticket, updated);
  }

  #accepted(ticket: Ticket, order: SquareOrder): PosAnswer {
    const review = ticket.status === 'voided' ? undefined : totalsReview(ticket, order.total_money?.amount ?? null);
    const detail = `Square version ${order.version}`;
    return { kind: 'accepted', detail, posOrderId: order.id, ...(review === undefined ? {} : { review }) };
  }

  #locationOf(ticket: Ticket): string {
    const { externalId } = ticket.store;
    if (externalId !== null) return externalId;
    throw new ConversationEnded({ kind: 'refused', detail: 'store.externalId, the Square location, is not set' });
  }

  #orderOf(ticket: Ticket) {
    const mapped = squareOrder(ticket, this.#locationOf(ticket));
    if ('missing' in mapped) throw new ConversationEnded({ kind: 'refused', detail: mapped.missing });
    return mapped;
  }

  async #ask(method: HttpRequest['method'], path: string, body?: object): Promise<SquareOrder> {
    const { url, accessToken, timeoutMs } = this.#target;
    const headers = {
      authorization: `Bearer ${accessToken}`,
      'square-version': API_VERSION,
      'content-type': 'application/json',
      accept: 'application/json',
    };
    const request = { method, url: `${url.replace(/\/$/, '')}${path}`, headers };
    const answer = await exchange(body === undefined ? request : { ...request, body: JSON.stringify(body) }, timeoutMs);
    const errors = errorAnswer.safeParse(parseJson(answer.text));
    const reason = errors.success
      ? errors.data.errors.map(({ code, field, detail }) => [code, field, detail].filter(Boolean).join(' ')).join('; ')
      : answer.text;
    // Somebody changed the order between the look and the update: the next attempt looks again.
    if (errors.success && errors.data.errors.some(({ code }) => code === 'VERSION_MISMATCH')) {
      throw new ConversationEnded({ kind: 'retry', detail: `HTTP ${answer.status} ${reason}`, waitMs: null });
    }
    const failure = judgeStatus(answer, this.#clock, reason);
    if (failure !== null) throw new ConversationEnded(failure);
    const parsed = orderAnswer.safeParse(parseJson(answer.text));
    if (parsed.success) return parsed.data.order;
    // The key makes the next attempt harmless, and its answer tells the id.
    throw new ConversationEnded({ kind: 'retry', detail: `HTTP ${answer.status} without an order`, waitMs: null });
  }
}

function revisionOf(order: SquareOrder): number {
  return Number(order.metadata?.[REVISION_KEY] ?? 0);
}
