import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import type { Clock } from '../../runtime/clock.ts';
import type { PosTarget } from '../contract.ts';
import type { Ticket } from '../ticket.ts';
import type { PosAnswer, PosConnector } from './pos-connector.ts';

/** Enough for an order id; a POS that sends more is not read to the end. */
const ANSWER_LIMIT_BYTES = 65_536;
/** A longer Retry-After is cut: the order is late by then and attention is raised. */
const RETRY_AFTER_MAX_MS = 60_000;

/** 4xx that say "later", not "never" (RFC 9110 15.5.9, RFC 8470 5.2, RFC 6585 4). */
const laterStatuses = new Set([408, 425, 429]);

/** Where a POS may tell its own id of the order. */
const posIdAnswer = z.object({ orderId: z.union([z.string().min(1), z.number()]) });

/**
 * Posts the ticket as JSON, signed by Standard Webhooks (standardwebhooks.com): `webhook-id` is the idempotency key. 2xx is
 * accepted, 409 is there already, 408, 425, 429, 5xx and no answer are tried again, the rest is refused. Redirects are
 * not followed: a signed order goes to the configured address only.
 */
export class WebhookConnector implements PosConnector {
  readonly #target: PosTarget;
  readonly #clock: Clock;
  readonly #fetch: typeof fetch;
  readonly #webhook: Webhook;

  constructor(target: PosTarget, clock: Clock, fetcher: typeof fetch = fetch) {
    this.#target = target;
    this.#clock = clock;
    this.#fetch = fetcher;
    this.#webhook = new Webhook(target.secret);
  }

  async send(ticket: Ticket): Promise<PosAnswer> {
    const body = JSON.stringify(ticket);
    const key = ticket.idempotencyKey;
    const at = new Date(this.#clock.wallMs());
    try {
      const response = await this.#fetch(this.#target.url, {
        method: 'POST',
        redirect: 'manual',
        headers: {
          'content-type': 'application/json',
          'user-agent': `speakerpost/${ticket.producer.version}`,
          'webhook-id': key,
          'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
          'webhook-signature': this.#webhook.sign(key, at, body),
        },
        body,
        signal: AbortSignal.timeout(this.#target.timeoutMs),
      });
      const text = await readAnswer(response);
      return this.#judge(response, text);
    } catch (error) {
      return { kind: 'retry', detail: this.#reason(error), waitMs: null };
    }
  }

  #judge(response: Response, text: string): PosAnswer {
    const { status } = response;
    const detail = `HTTP ${status}`;
    if (response.ok || status === 409) return { kind: 'accepted', detail, posOrderId: posIdOf(text) };
    if (status >= 500 || laterStatuses.has(status)) {
      return { kind: 'retry', detail, waitMs: this.#retryAfterMs(response.headers.get('retry-after')) };
    }
    return { kind: 'refused', detail: `${detail} ${text.slice(0, 200)}`.trim() };
  }

  /** Seconds, or a date (RFC 9110 10.2.3). */
  #retryAfterMs(value: string | null): number | null {
    if (value === null) return null;
    const ms = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - this.#clock.wallMs();
    return Number.isFinite(ms) && ms > 0 ? Math.min(ms, RETRY_AFTER_MAX_MS) : null;
  }

  #reason(error: unknown): string {
    if (!(error instanceof Error)) return String(error);
    if (error.name === 'TimeoutError') return `no answer within ${this.#target.timeoutMs} ms`;
    const cause = error.cause;
    if (cause instanceof Error) return 'code' in cause ? String(cause.code) : cause.message;
    return error.message;
  }
}

function posIdOf(text: string): string | null {
  try {
    const answer = posIdAnswer.safeParse(JSON.parse(text));
    return answer.success ? String(answer.data.orderId) : null;
  } catch {
    return null;
  }
}

/** The status counts even when the body breaks off: an accepted order must not be sent again for want of its id. */
async function readAnswer(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  let length = 0;
  try {
    for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
      length += chunk.length;
      text += decoder.decode(chunk, { stream: true });
      if (length >= ANSWER_LIMIT_BYTES) break;
    }
  } catch {
    return text;
  }
  return text;
}
