import { z } from 'zod';
import { maskText } from '../../records/personal-data.ts';
import { SpeakerpostError } from '../../runtime/errors.ts';
import type { Menu, MenuItem } from '../menu/menu.ts';
import { priceOrder, unitPriceCents } from '../menu/pricing.ts';
import { type Ticket, type TicketHistoryEntry, type TicketLine, type TicketModifier, ticketSchema } from '../ticket.ts';

const id = z.string().min(1).max(200);
const quantity = z.int().min(1).max(100);

const line = z.strictObject({
  /** Of the ticket's line that it corrects, whose words it keeps; none: a new line. */
  lineId: id.optional(),
  itemId: id,
  /** null: the size that is priced when none was said. */
  size: id.nullable().default(null),
  quantity: quantity.default(1),
  modifiers: z
    .array(
      z.strictObject({
        groupId: id,
        optionId: id,
        action: z.enum(['add', 'no', 'extra', 'light', 'side']).default('add'),
        half: z.enum(['first', 'second']).nullable().default(null),
        quantity: quantity.default(1),
      }),
    )
    .max(50)
    .default([]),
  /** A combo's choices: item ids by slot. */
  slots: z.record(id, id).default({}),
  note: z.string().trim().min(1).max(500).nullable().default(null),
});

/** What a person says that the order is. Prices are the menu's: none can be given. */
export const correctionSchema = z.strictObject({
  lines: z.array(line).min(1).max(100),
  /** Why, for the history. */
  reason: z.string().trim().min(1).max(500),
});
export type Correction = z.output<typeof correctionSchema>;

export interface Corrector {
  /** Who did it. */
  readonly name: string;
  /** Milliseconds since the call's start. */
  readonly atMs: number;
}

/**
 * The next revision of a ticket with other lines, priced by the menu. A person has looked at it: it needs no review any more.
 * @throws SpeakerpostError TICKET_CORRECTION_INVALID with the path of what the menu does not have, TICKET_VOIDED
 */
export function correctTicket(ticket: Ticket, { lines, reason }: Correction, menu: Menu, by: Corrector): Ticket {
  if (ticket.menu.id !== menu.id)
    throw invalid('menu', `the ticket is of the menu ${ticket.menu.id}, not of ${menu.id}`);
  const corrected = lines.map((each, index) => correctedLine(ticket, each, index, menu));
  const price = priceOrder(
    menu,
    corrected.map(({ totalCents }) => totalCents),
  );
  const { spokenTotalCents } = ticket.totals;
  return nextRevision(ticket, by, {
    op: 'correct',
    reason,
    status: 'confirmed',
    menu: { id: menu.id, version: menu.version, sha256: menu.sha256 },
    lines: corrected,
    totals: {
      ...price,
      taxIncluded: menu.tax.included,
      spokenTotalCents,
      spokenMatches: spokenTotalCents === null ? null : spokenTotalCents === price.totalCents,
    },
  });
}

/**
 * The next revision of a ticket, which takes it back.
 * @throws SpeakerpostError TICKET_VOIDED
 */
export function voidTicket(ticket: Ticket, reason: string, by: Corrector): Ticket {
  return nextRevision(ticket, by, { op: 'void', reason, status: 'voided' });
}

interface Change extends Partial<Pick<Ticket, 'menu' | 'lines' | 'totals'>> {
  readonly op: TicketHistoryEntry['op'];
  readonly reason: string;
  readonly status: Ticket['status'];
}

function nextRevision(ticket: Ticket, by: Corrector, { op, reason, ...change }: Change): Ticket {
  const { ticketId, revision, idempotencyKey, history } = ticket;
  if (ticket.status === 'voided') throw new SpeakerpostError('TICKET_VOIDED', { ticketId });
  const turn = history.at(-1)?.turn ?? 0;
  const text = maskText(`${by.name}: ${reason}`);
  return ticketSchema.parse({
    ...ticket,
    ...change,
    revision: revision + 1,
    supersedes: idempotencyKey,
    idempotencyKey: `${ticketId}.r${revision + 1}`,
    review: { needed: false, reasons: [] },
    history: [...history, { op, lineId: null, turn, atMs: by.atMs, text }],
  });
}

function correctedLine(ticket: Ticket, wanted: Correction['lines'][number], index: number, menu: Menu): TicketLine {
  const path = `lines.${index}`;
  const item = menu.items.find((each) => each.id === wanted.itemId);
  if (item === undefined) throw invalid(`${path}.itemId`, `the menu has no item ${wanted.itemId}`);
  const size = sizeOf(item, wanted.size, path);
  const modifiers = wanted.modifiers.map((each, at) => modifierOf(item, each, `${path}.modifiers.${at}`));
  // An option taken twice costs twice.
  const priced = modifiers.flatMap((each) => Array.from({ length: each.quantity }, () => each));
  const unit = unitPriceCents(item, size?.name ?? null, priced);
  const before = ticket.lines.find(({ lineId }) => lineId === wanted.lineId);
  if (wanted.lineId !== undefined && before === undefined)
    throw invalid(`${path}.lineId`, `the ticket has no line ${wanted.lineId}`);
  const posRef = size?.posRef ?? item.posRef;
  return {
    lineId: before?.lineId ?? `m${ticket.revision + 1}-${index + 1}`,
    itemId: item.id,
    name: item.name,
    posRef: posRef === null ? null : { ...posRef },
    quantity: wanted.quantity,
    size: wanted.size,
    unitPriceCents: unit,
    modifiers,
    combo: comboOf(item, wanted.slots, path),
    note: wanted.note === null ? null : maskText(wanted.note),
    totalCents: unit * wanted.quantity,
    confidence: 1,
    evidence: before?.evidence ?? [],
  };
}

function sizeOf(item: MenuItem, wanted: string | null, path: string): MenuItem['sizes'][number] | null {
  if (wanted === null) return item.defaultSize;
  const size = item.sizes.find(({ name }) => name === wanted);
  if (size !== undefined) return size;
  const known = item.sizes.map(({ name }) => name).join(', ') || 'none';
  throw invalid(`${path}.size`, `${item.name} has no size ${wanted}; it has ${known}`);
}

function modifierOf(
  item: MenuItem,
  { groupId, optionId, action, half, quantity: count }: Correction['lines'][number]['modifiers'][number],
  path: string,
): TicketModifier {
  const option = item.groups.find(({ id: own }) => own === groupId)?.options.find((each) => each.optionId === optionId);
  if (option === undefined) throw invalid(path, `${item.name} takes no ${groupId}/${optionId}`);
  const priceCents = action === 'no' ? 0 : option.priceCents;
  const { posRef } = option;
  const refs = posRef === undefined ? {} : { posRef: { ...posRef } };
  return { groupId, optionId, name: option.name, action, half, quantity: count, priceCents, ...refs };
}

function comboOf(
  { name, combo }: MenuItem,
  wanted: Readonly<Record<string, string>>,
  path: string,
): TicketLine['combo'] {
  const strange = Object.keys(wanted).find((slotId) => combo?.slots.some((slot) => slot.id === slotId) !== true);
  if (strange !== undefined) throw invalid(`${path}.slots.${strange}`, `${name} has no such choice`);
  if (combo === null) return null;
  const slots = combo.slots.flatMap((slot) => {
    const itemId = wanted[slot.id] ?? slot.defaultItem?.id;
    if (itemId === undefined) {
      if (slot.isRequired) throw invalid(`${path}.slots.${slot.id}`, `${name} needs one`);
      return [];
    }
    const chosen = slot.options.find((each) => each.id === itemId);
    if (chosen === undefined) throw invalid(`${path}.slots.${slot.id}`, `${itemId} is none of its choices`);
    const refs = chosen.posRef === null ? {} : { posRef: { ...chosen.posRef } };
    return [[slot.id, { itemId, size: null, ...refs }] as const];
  });
  return { number: combo.number === null ? null : String(combo.number), slots: Object.fromEntries(slots) };
}

function invalid(path: string, reason: string): SpeakerpostError {
  return new SpeakerpostError('TICKET_CORRECTION_INVALID', { path, reason });
}
