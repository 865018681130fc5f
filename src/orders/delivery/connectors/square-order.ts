import { z } from 'zod';
import type { Ticket, TicketLine } from '../../ticket.ts';
import { modifierText, noteText, slotText } from './ticket-text.ts';

/** Key in the order's metadata under which the ticket's revision stands. */
export const REVISION_KEY = 'speakerpost_revision';

/** Square's limits (Orders API, Order and OrderLineItem). */
const REFERENCE_CHARS = 40;
const TICKET_NAME_CHARS = 30;
const LINE_NOTE_CHARS = 2_000;
const PICKUP_NOTE_CHARS = 500;

/**
 * `posRef.square` of an item or size: its variation, or the variation and the modifier that it is in a combo.
 * Of an option: its modifier, or one for each action.
 */
export const squareItemRef = z.union([
  z.string().min(1),
  z.strictObject({ variation: z.string().min(1).optional(), modifier: z.string().min(1).optional() }),
]);
export const squareOptionRef = z.union([
  z.string().min(1),
  z.partialRecord(z.enum(['add', 'no', 'extra', 'light', 'side']), z.string().min(1)),
]);

type Refs = Readonly<Record<string, unknown>> | null | undefined;

/** The ticket as an order of `location`; or what the menu lacks. What the catalogue cannot say stands in the notes. */
export function squareOrder(ticket: Ticket, location: string) {
  const items = [];
  for (const line of ticket.lines) {
    const variation = variationOf(line.posRef);
    if (variation === null) return { missing: `the menu has no posRef.square for "${line.name}" (${line.itemId})` };
    items.push(lineItem(ticket, line, variation));
  }
  return {
    location_id: location,
    reference_id: ticket.ticketId.slice(0, REFERENCE_CHARS),
    source: { name: 'Drive-thru AI' },
    ticket_name: `DT ${ticket.lane}`.slice(0, TICKET_NAME_CHARS),
    line_items: items,
    pricing_options: { auto_apply_taxes: true },
    metadata: { [REVISION_KEY]: String(ticket.revision) },
    fulfillments: [
      {
        type: 'PICKUP',
        state: 'PROPOSED',
        pickup_details: {
          schedule_type: 'ASAP',
          recipient: { display_name: `Drive-thru ${ticket.lane}` },
          ...noteField(ticket.notes.map(noteText), PICKUP_NOTE_CHARS),
        },
      },
    ],
  };
}

/** The variation's id, or null. */
export function variationOf(refs: Refs): string | null {
  const ref = squareItemRef.safeParse(refs?.['square']).data;
  return typeof ref === 'string' ? ref : (ref?.variation ?? null);
}

function lineItem(ticket: Ticket, line: TicketLine, variation: string) {
  const modifiers: { catalog_object_id: string; quantity: string }[] = [];
  const notes: string[] = [];
  for (const modifier of line.modifiers) {
    const ref = squareOptionRef.safeParse(modifier.posRef?.['square']).data;
    const id = typeof ref === 'string' ? (modifier.action === 'add' ? ref : null) : (ref?.[modifier.action] ?? null);
    // Half of it is nothing that a modifier says: the whole stays in the note, or the kitchen would read both.
    if (id === null || modifier.half !== null) notes.push(modifierText(modifier));
    else modifiers.push({ catalog_object_id: id, quantity: String(modifier.quantity) });
  }
  for (const [slot, chosen] of Object.entries(line.combo?.slots ?? {})) {
    const ref = squareItemRef.safeParse(chosen.posRef?.['square']).data;
    const id = typeof ref === 'object' ? ref.modifier : undefined;
    if (id === undefined) notes.push(slotText(slot, chosen));
    else modifiers.push({ catalog_object_id: id, quantity: '1' });
  }
  if (line.note !== null) notes.push(line.note);
  return {
    // Of this revision: an update clears the earlier ones by theirs.
    uid: `r${ticket.revision}-${line.lineId}`,
    catalog_object_id: variation,
    quantity: String(line.quantity),
    modifiers,
    ...noteField(notes, LINE_NOTE_CHARS),
  };
}

function noteField(notes: readonly string[], limit: number): { note?: string } {
  return notes.length === 0 ? {} : { note: notes.join('; ').slice(0, limit) };
}
