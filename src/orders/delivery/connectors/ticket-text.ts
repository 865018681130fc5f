import type { Ticket, TicketLine, TicketModifier } from '../../ticket.ts';

const halves = { first: 'first half', second: 'second half' } as const;

/** `no onion`, `extra cheese (first half)`, `2 x sauce on the side`: as a cook reads it. */
export function modifierText({ action, name, half, quantity }: TicketModifier): string {
  const count = quantity === 1 ? '' : `${quantity} x `;
  const what = action === 'side' ? `${name} on the side` : action === 'add' ? name : `${action} ${name}`;
  return `${count}${what}${half === null ? '' : ` (${halves[half]})`}`;
}

/** `drink: cola (large)`. */
export function slotText(id: string, { itemId, size }: NonNullable<TicketLine['combo']>['slots'][string]): string {
  return `${id}: ${itemId.replace(/[_-]+/g, ' ')}${size === null ? '' : ` (${size})`}`;
}

/** `ALLERGY: sesame`, `please check: cheese curds`. */
export function noteText({ kind, text }: Ticket['notes'][number]): string {
  return kind === 'allergy' ? `ALLERGY: ${text}` : kind === 'unresolved' ? `please check: ${text}` : text;
}

/** `9.50` from 950, by its digits: a double has no cents. */
export function decimalOf(cents: number): string {
  const digits = String(Math.abs(cents)).padStart(3, '0');
  return `${cents < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/** 950 from the 9.5 that JSON gave, by its digits; null when it has no whole cents. */
export function centsOf(amount: number): number | null {
  const match = /^(-?)(\d+)(?:\.(\d{1,2}))?$/.exec(String(amount));
  if (match === null) return null;
  const [, sign = '', whole = '', fraction = ''] = match;
  return Number(`${sign}${whole}${fraction.padEnd(2, '0')}`);
}

/** Undefined when the POS's total is ours. */
export function totalsReview(ticket: Ticket, posCents: number | null): string | undefined {
  if (posCents === ticket.totals.totalCents) return undefined;
  const pos = posCents === null ? 'no total' : decimalOf(posCents);
  return `the POS says ${pos}, the ticket ${decimalOf(ticket.totals.totalCents)}`;
}
