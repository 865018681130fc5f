import type { EscposTarget, SquareTarget, ToastTarget } from '../../../../src/orders/contract.ts';
import type { PosAttempt } from '../../../../src/orders/delivery/pos-connector.ts';
import type { Ticket, TicketModifier } from '../../../../src/orders/ticket.ts';
import { SQUARE_LOCATION, SQUARE_TOKEN } from '../../../support/fake-pos/square.ts';
import { TOAST_DINING_OPTION, TOAST_RESTAURANT, TOAST_SECRET } from '../../../support/fake-pos/toast.ts';
import { makeTicket } from '../fixtures.ts';

export const catalogue = { VAR_BURGER: 500, VAR_MEAL: 900, MOD_CHEESE: 50, MOD_NO_ONION: 0, MOD_COLA: 0 };

export const toastMenu = {
  groups: { 'burger-guid': 'burgers-guid', 'meal-guid': 'meals-guid' },
  dollars: { 'burger-guid': 5, 'meal-guid': 9, 'cheese-guid': 0.5, 'onion-guid': 0, 'cola-guid': 0 },
  preModifiers: ['pre-no', 'pre-extra'],
};

export const first: PosAttempt = { previous: null, isRepeat: false };

export const squareTarget = (url: string, timeoutMs = 2_000): SquareTarget => ({
  kind: 'square',
  url,
  accessToken: SQUARE_TOKEN,
  timeoutMs,
});

export const toastTarget = (url: string, timeoutMs = 2_000): ToastTarget => ({
  kind: 'toast',
  url,
  clientId: 'client',
  clientSecret: TOAST_SECRET,
  diningOption: TOAST_DINING_OPTION,
  preModifiers: { no: 'pre-no', extra: 'pre-extra' },
  guest: { email: 'store@example.org', phone: '5550100000' },
  externalIdPrefix: 'SP:',
  timeoutMs,
});

export const printerTarget = (url: string, timeoutMs = 2_000): EscposTarget => ({
  kind: 'escpos',
  url,
  columns: 42,
  acknowledges: true,
  timeoutMs,
});

export const refs = {
  burger: { square: 'VAR_BURGER', toast: { item: 'burger-guid', group: 'burgers-guid' } },
  meal: { square: 'VAR_MEAL', toast: { item: 'meal-guid', group: 'meals-guid' } },
  cheese: { square: 'MOD_CHEESE', toast: { item: 'cheese-guid', optionGroup: 'extras-guid' } },
  onion: { square: { no: 'MOD_NO_ONION' }, toast: { item: 'onion-guid', optionGroup: 'extras-guid' } },
  cola: { square: { modifier: 'MOD_COLA' }, toast: { item: 'cola-guid', optionGroup: 'drinks-guid' } },
};

export function modifier(name: string, action: TicketModifier['action'], change: Partial<TicketModifier> = {}) {
  return { groupId: 'g', optionId: name, name, action, half: null, quantity: 1, priceCents: 0, ...change };
}

/** Two burgers at a POS that knows them: 10.00. */
export function posTicket(name: string, change: Partial<Ticket> = {}, kind: 'square' | 'toast' = 'square'): Ticket {
  const ticket = makeTicket(name, change);
  const externalId = kind === 'square' ? SQUARE_LOCATION : TOAST_RESTAURANT;
  return {
    ...ticket,
    store: { ...ticket.store, externalId },
    lines: change.lines ?? ticket.lines.map((line) => ({ ...line, posRef: refs.burger })),
  };
}

export function firstLine(ticket: Ticket): Ticket['lines'][number] {
  const line = ticket.lines[0];
  if (line === undefined) throw new Error('the ticket has no line');
  return line;
}

export function totalOf(cents: number): Ticket['totals'] {
  return { ...makeTicket('x').totals, subtotalCents: cents, totalCents: cents };
}
