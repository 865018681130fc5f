import type { LiveEvent } from '../calls/contract.ts';
import type { AgentWord, DeliveryStep, OrderSnapshot } from '../orders/contract.ts';
import type { TicketLine } from '../orders/ticket.ts';
import { reviveError } from '../runtime/errors.ts';

/** Shows live events at a terminal: what the agent says as it says it, and the ticket as it grows. */
export class LiveView {
  readonly #write: (text: string) => void;
  readonly #shown = new Map<string, string>();
  #turn = 0;
  #isInWords = false;

  constructor(write: (text: string) => void) {
    this.#write = write;
  }

  show(event: LiveEvent): void {
    switch (event.kind) {
      case 'call':
        this.#line(
          'call',
          `${event.callId} on ${event.lane}: ${event.state}${event.detail === null ? '' : ` (${event.detail})`}`,
        );
        if (event.state === 'ringing') this.#reset();
        break;
      case 'words':
        for (const word of event.words) this.#word(word);
        break;
      case 'orders':
        for (const order of event.orders) this.#order(order);
        break;
      case 'delivery':
        this.#line('POS', describeStep(event.step));
        break;
      case 'alert': {
        const { message, remedy } = reviveError(event.error);
        this.#line('alert', `${event.error.code}: ${message}. ${remedy}`);
        break;
      }
    }
  }

  /** One line under a heading. */
  note(heading: string, text: string): void {
    this.#line(heading, text);
  }

  #reset(): void {
    this.#shown.clear();
    this.#turn = 0;
  }

  #word(word: AgentWord): void {
    if (word.turn !== this.#turn || !this.#isInWords) {
      this.#endWords();
      this.#write(heading('agent'));
      this.#turn = word.turn;
      this.#isInWords = true;
    }
    this.#write(`${word.text} `);
  }

  #order(order: OrderSnapshot): void {
    const seen = new Set<string>();
    for (const line of order.lines) {
      const key = `${order.customerSeq}/${line.lineId}`;
      seen.add(key);
      const text = describeLine(line);
      if (this.#shown.get(key) === text) continue;
      this.#shown.set(key, text);
      this.#line('ticket', `${text.padEnd(44)} from "${line.evidence.at(-1)?.text ?? ''}"`);
    }
    for (const [key, text] of this.#shown) {
      if (!key.startsWith(`${order.customerSeq}/`) || seen.has(key) || key.endsWith('/status')) continue;
      this.#shown.delete(key);
      this.#line('ticket', `taken off: ${text}`);
    }
    if (order.status === 'draft') return;
    const status = `${order.customerSeq}/status`;
    const text = describeClose(order);
    if (this.#shown.get(status) === text) return;
    this.#shown.set(status, text);
    this.#line('ticket', text);
  }

  #line(name: string, text: string): void {
    this.#endWords();
    this.#write(`${heading(name)}${text}\n`);
  }

  #endWords(): void {
    if (this.#isInWords) this.#write('\n');
    this.#isInWords = false;
  }
}

function heading(name: string): string {
  return `${name.padStart(8)}  `;
}

function dollars(cents: number): string {
  return (cents / 100).toFixed(2);
}

export function describeLine(line: TicketLine): string {
  const modifiers = line.modifiers.map((each) => (each.action === 'add' ? each.name : `${each.action} ${each.name}`));
  const size = line.size === null ? '' : `${line.size} `;
  return `${line.quantity} x ${size}${line.name}${modifiers.length === 0 ? '' : ` (${modifiers.join(', ')})`}  ${dollars(line.totalCents)}`;
}

function describeClose(order: OrderSnapshot): string {
  const { totalCents, spokenTotalCents, spokenMatches } = order.totals;
  const spoken =
    spokenTotalCents === null
      ? 'no total was spoken'
      : `the agent said ${dollars(spokenTotalCents)}${spokenMatches === true ? '' : ', which differs'}`;
  const review = order.reviewReasons.length === 0 ? '' : `; for review: ${order.reviewReasons.join(', ')}`;
  return `${order.status}, total ${dollars(totalCents)} (${spoken})${review}`;
}

function describeStep(step: DeliveryStep): string {
  const attempt = step.attempt === null ? '' : ` ${step.attempt}`;
  const detail = step.detail === null ? '' : ` (${step.detail})`;
  const order = step.posOrderId === null ? '' : `, order ${step.posOrderId}`;
  return `${step.ticketId} revision ${step.revision}: ${step.what}${attempt}${detail}${order}`;
}
