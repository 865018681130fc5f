import type { DeliveryPlane } from '../orders/contract.ts';
import type { Ticket } from '../orders/ticket.ts';
import type { Clock } from '../runtime/clock.ts';
import { describeError, type ErrorRecord, isError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';

const RETRY_MS = 5_000;

/**
 * Hands tickets to the delivery plane until they are on disk. A ticket that the disk refuses stays in memory and is tried
 * again; while there is one, `refusal` says why and no new car should be greeted.
 */
export class TicketKeeper {
  readonly #delivery: DeliveryPlane;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #alert: (callId: string, error: ErrorRecord) => void;
  readonly #refused = new Map<string, ErrorRecord>();

  constructor(delivery: DeliveryPlane, clock: Clock, log: Log, alert: (callId: string, error: ErrorRecord) => void) {
    this.#delivery = delivery;
    this.#clock = clock;
    this.#log = log;
    this.#alert = alert;
  }

  /** Why the oldest ticket in memory is not on disk; null when every ticket is. */
  get refusal(): ErrorRecord | null {
    const [oldest = null] = this.#refused.values();
    return oldest;
  }

  /** Resolves when the ticket is durable, however long that takes, or when another one stands in its place for good. */
  async keep(ticket: Ticket): Promise<void> {
    for (;;) {
      try {
        await this.#delivery.commit(ticket);
        this.#refused.delete(ticket.idempotencyKey);
        return;
      } catch (error) {
        const refusal = describeError(error);
        if (isError(error, 'TICKET_CONFLICT')) {
          this.#alert(ticket.callId, refusal);
          return;
        }
        if (!this.#refused.has(ticket.idempotencyKey)) this.#alert(ticket.callId, refusal);
        this.#refused.set(ticket.idempotencyKey, refusal);
        this.#log.error({ err: error, key: ticket.idempotencyKey }, 'ticket could not be stored; it is kept in memory');
        await new Promise<void>((resolve) => this.#clock.after(RETRY_MS, resolve));
      }
    }
  }
}
