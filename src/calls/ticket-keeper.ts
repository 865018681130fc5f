import type { DeliveryPlane } from '../orders/contract.ts';
import type { CrewPrinter } from '../orders/delivery/crew-printer.ts';
import type { Ticket } from '../orders/ticket.ts';
import type { Clock } from '../runtime/clock.ts';
import { describeError, type ErrorRecord, isError } from '../runtime/errors.ts';
import type { Log } from '../runtime/log.ts';

const RETRY_MS = 5_000;

export type TicketPrinter = Pick<CrewPrinter, 'print'>;

export interface TicketKeeperDeps {
  readonly delivery: DeliveryPlane;
  readonly clock: Clock;
  readonly log: Log;
  /** For what the disk refuses; null: there is none. */
  readonly printer: TicketPrinter | null;
  readonly alert: (callId: string, error: ErrorRecord) => void;
}

/**
 * Hands tickets to the delivery plane until they are on disk. A ticket that the disk refuses stays in memory and is tried
 * again; while there is one, `refusal` says why and no new car should be greeted.
 */
export class TicketKeeper {
  readonly #delivery: DeliveryPlane;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #alert: (callId: string, error: ErrorRecord) => void;
  readonly #printer: TicketPrinter | null;
  readonly #refused = new Map<string, ErrorRecord>();

  constructor({ delivery, clock, log, printer, alert }: TicketKeeperDeps) {
    this.#delivery = delivery;
    this.#clock = clock;
    this.#log = log;
    this.#printer = printer;
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
        if (!this.#refused.has(ticket.idempotencyKey)) {
          this.#alert(ticket.callId, refusal);
          void this.#print(ticket);
        }
        this.#refused.set(ticket.idempotencyKey, refusal);
        this.#log.error({ err: error, key: ticket.idempotencyKey }, 'ticket could not be stored; it is kept in memory');
        await new Promise<void>((resolve) => this.#clock.after(RETRY_MS, resolve));
      }
    }
  }

  /** The crew gets it on paper: it may never reach the POS. */
  async #print(ticket: Ticket): Promise<void> {
    const outcome = await this.#printer?.print(ticket, 'notStored');
    if (outcome === undefined || outcome.isPrinted) return;
    const { ticketId, callId } = ticket;
    this.#alert(callId, { code: 'ORDER_NOT_PRINTED', details: { ticketId, callId, reason: outcome.detail } });
  }
}
