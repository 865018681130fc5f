import type { Ticket } from '../../ticket.ts';
import { decimalOf, modifierText, noteText, slotText } from './ticket-text.ts';

/** ESC/POS (Epson command reference). */
const INITIALIZE = [0x1b, 0x40];
const CODE_PAGE_1252 = [0x1b, 0x74, 16];
const LARGE = [0x1d, 0x21, 0x11];
const NORMAL = [0x1d, 0x21, 0x00];
const BOLD = [0x1b, 0x45, 1];
const NOT_BOLD = [0x1b, 0x45, 0];
const FEED_AND_CUT = [0x1d, 0x56, 66, 0];

export interface SlipOptions {
  /** Characters a line: 42 or 48 on 80 mm paper, 32 on 58 mm. */
  readonly columns: number;
  /** An earlier attempt may have printed it. */
  readonly isCopy: boolean;
  /** Why the crew is given it beside the POS or instead: stands above everything. */
  readonly heading?: string | null;
}

/** The order as a kitchen slip in ESC/POS bytes, from initialise to cut. */
export function slipOf(ticket: Ticket, { columns, isCopy, heading = null }: SlipOptions): Buffer {
  const slip = new SlipWriter(columns);
  if (heading !== null) slip.large(heading);
  slip.large(`DRIVE-THRU ${ticket.lane}`);
  slip.line(ticket.times.confirmed.slice(0, 19).replace('T', ' '), 'UTC');
  slip.line(`${ticket.ticketId} rev ${ticket.revision}`);
  if (isCopy) slip.large('MAY BE A COPY');
  if (ticket.status === 'voided') slip.large('VOID - DO NOT MAKE');
  else if (ticket.revision > 1) slip.large('CHANGED ORDER');
  for (const note of ticket.notes) slip.bold(noteText(note));
  slip.rule();
  for (const line of ticket.lines) {
    const size = line.size === null ? '' : `${line.size} `;
    slip.bold(`${line.quantity} x ${size}${line.name}`, decimalOf(line.totalCents));
    for (const modifier of line.modifiers) slip.line(`    ${modifierText(modifier)}`);
    for (const [slot, item] of Object.entries(line.combo?.slots ?? {})) slip.line(`    ${slotText(slot, item)}`);
    if (line.note !== null) slip.line(`    ${line.note}`);
  }
  slip.rule();
  if (ticket.totals.taxCents > 0) slip.line('tax', decimalOf(ticket.totals.taxCents));
  slip.bold(`TOTAL ${ticket.currency}`, decimalOf(ticket.totals.totalCents));
  if (ticket.review.needed) slip.bold(`CHECK: ${ticket.review.reasons.join(', ')}`);
  return slip.end();
}

class SlipWriter {
  readonly #columns: number;
  readonly #parts: Buffer[] = [Buffer.from([...INITIALIZE, ...CODE_PAGE_1252])];

  constructor(columns: number) {
    this.#columns = columns;
  }

  large(text: string): void {
    this.#codes(LARGE);
    this.#text(text, Math.floor(this.#columns / 2));
    this.#codes(NORMAL);
  }

  bold(left: string, right = ''): void {
    this.#codes(BOLD);
    this.line(left, right);
    this.#codes(NOT_BOLD);
  }

  /** `right` stands at the paper's edge, on a line of its own where both do not fit. */
  line(left: string, right = ''): void {
    const gap = this.#columns - left.length - right.length;
    if (right === '') this.#text(left, this.#columns);
    else if (gap > 0) this.#text(`${left}${' '.repeat(gap)}${right}`, this.#columns);
    else {
      this.#text(left, this.#columns);
      this.#text(right.padStart(this.#columns), this.#columns);
    }
  }

  rule(): void {
    this.line('-'.repeat(this.#columns));
  }

  end(): Buffer {
    this.#codes(FEED_AND_CUT);
    return Buffer.concat(this.#parts);
  }

  #codes(codes: readonly number[]): void {
    this.#parts.push(Buffer.from(codes));
  }

  #text(text: string, columns: number): void {
    const clean = printable(text);
    for (let at = 0; at === 0 || at < clean.length; at += columns) {
      this.#parts.push(Buffer.from(`${clean.slice(at, at + columns)}\n`, 'latin1'));
    }
  }
}

/** What was said must not command the printer: control characters go, and what the code page lacks becomes a question mark. */
function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, ' ').replace(/[^\u0020-\u00ff]/gu, '?');
}
