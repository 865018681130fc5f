import type { Clock } from '../../runtime/clock.ts';
import type { EscposTarget } from '../contract.ts';
import type { Ticket } from '../ticket.ts';
import { EscposConnector } from './connectors/escpos-connector.ts';

const TRIES = 3;
const PAUSE_MS = 2_000;

/** Why the crew gets an order on paper; each is what the slip says first. */
export const slipHeadings = {
  notDelivered: 'NOT AT THE POS - ENTER BY HAND',
  refused: 'POS REFUSES IT - ENTER BY HAND',
  held: 'HELD - CHECK AND SEND',
  review: 'AT THE POS - PLEASE CHECK',
  notStored: 'NOT STORED - ENTER BY HAND',
} as const;
export type SlipReason = keyof typeof slipHeadings;

export interface PrintOutcome {
  readonly isPrinted: boolean;
  readonly detail: string;
}

/** The printer beside the POS, for orders that a person has to see. */
export class CrewPrinter {
  readonly #connector: EscposConnector;
  readonly #clock: Clock;

  constructor(target: EscposTarget, clock: Clock) {
    this.#connector = new EscposConnector(target);
    this.#clock = clock;
  }

  /** Never rejects; a printer without paper or network is tried three times. */
  async print(ticket: Ticket, reason: SlipReason): Promise<PrintOutcome> {
    let detail = '';
    for (let tries = 0; tries < TRIES; tries++) {
      if (tries > 0) await new Promise<void>((resolve) => this.#clock.after(PAUSE_MS, resolve));
      const answer = await this.#connector.print(ticket, tries > 0, slipHeadings[reason]);
      detail = answer.detail;
      if (answer.kind === 'accepted') return { isPrinted: true, detail };
      if (answer.kind === 'refused') break;
    }
    return { isPrinted: false, detail };
  }
}
