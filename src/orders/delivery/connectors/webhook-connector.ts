import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import type { Clock } from '../../../runtime/clock.ts';
import type { WebhookTarget } from '../../contract.ts';
import type { Ticket } from '../../ticket.ts';
import type { PosAnswer, PosConnector } from '../pos-connector.ts';
import { exchange, type HttpAnswer, judgeFailure, judgeStatus } from './http-exchange.ts';
import { parseJson } from './parse-json.ts';

/** Where a POS may tell its own id of the order. */
const posIdAnswer = z.object({ orderId: z.union([z.string().min(1), z.number()]) });

/**
 * Posts the ticket as JSON, signed by Standard Webhooks (standardwebhooks.com): `webhook-id` is the idempotency key, and while
 * a secret is being replaced there is a signature by each. 2xx is accepted, 409 is there already, 408, 425, 429, 5xx and no
 * answer are tried again, the rest is refused.
 */
export class WebhookConnector implements PosConnector {
  /** Every revision is a message of its own; the receiver knows the newest by its number. */
  readonly isSequential = false;
  readonly #target: WebhookTarget;
  readonly #clock: Clock;
  readonly #signers: readonly Webhook[];

  constructor(target: WebhookTarget, clock: Clock) {
    this.#target = target;
    this.#clock = clock;
    const { secret, previousSecret } = target;
    this.#signers = [secret, previousSecret ?? null].flatMap((each) => (each === null ? [] : [new Webhook(each)]));
  }

  async send(ticket: Ticket): Promise<PosAnswer> {
    const { url, timeoutMs } = this.#target;
    const body = JSON.stringify(ticket);
    const key = ticket.idempotencyKey;
    const at = new Date(this.#clock.wallMs());
    const headers = {
      'content-type': 'application/json',
      'user-agent': `speakerpost/${ticket.producer.version}`,
      'webhook-id': key,
      'webhook-timestamp': String(Math.floor(at.getTime() / 1_000)),
      'webhook-signature': this.#signers.map((each) => each.sign(key, at, body)).join(' '),
    };
    try {
      return this.#judge(await exchange({ method: 'POST', url, headers, body }, timeoutMs));
    } catch (error) {
      return judgeFailure(error, timeoutMs);
    }
  }

  #judge(answer: HttpAnswer): PosAnswer {
    const failure = answer.status === 409 ? null : judgeStatus(answer, this.#clock);
    return failure ?? { kind: 'accepted', detail: `HTTP ${answer.status}`, posOrderId: posIdOf(answer.text) };
  }
}

function posIdOf(text: string): string | null {
  const answer = posIdAnswer.safeParse(parseJson(text));
  return answer.success ? String(answer.data.orderId) : null;
}
