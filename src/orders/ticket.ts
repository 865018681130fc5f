import { z } from 'zod';

const cents = z.int();

const reviewReasons = [
  'total_mismatch',
  'unknown_item',
  'unknown_modifier',
  'low_confidence',
  'missing_required_choice',
  'quantity_unusual',
  'closed_without_items',
  'out_of_stock_in_ticket',
  'allergy',
  'no_final_readback',
  'truncated',
] as const;
export type ReviewReason = (typeof reviewReasons)[number];

const evidence = z.strictObject({
  turn: z.int().nonnegative(),
  fromMs: z.number(),
  toMs: z.number(),
  text: z.string(),
});

const modifier = z.strictObject({
  groupId: z.string(),
  optionId: z.string(),
  name: z.string(),
  action: z.enum(['add', 'no', 'extra', 'light', 'side']),
  half: z.enum(['first', 'second']).nullable(),
  quantity: z.int().positive(),
  priceCents: cents,
  /** The POS's own ids of the option, copied from the menu; absent where the menu has none. */
  posRef: z.record(z.string(), z.unknown()).optional(),
});

const combo = z.strictObject({
  number: z.string().nullable(),
  slots: z.record(
    z.string(),
    z.strictObject({
      itemId: z.string(),
      size: z.string().nullable(),
      posRef: z.record(z.string(), z.unknown()).optional(),
    }),
  ),
});

const line = z.strictObject({
  lineId: z.string(),
  itemId: z.string(),
  name: z.string(),
  /** The POS's own ids of the item, copied from the menu. */
  posRef: z.record(z.string(), z.unknown()).nullable(),
  quantity: z.int().positive(),
  size: z.string().nullable(),
  /** Item at its size with its modifiers, one of it. */
  unitPriceCents: cents,
  modifiers: z.array(modifier),
  combo: combo.nullable(),
  note: z.string().nullable(),
  totalCents: cents,
  confidence: z.number().min(0).max(1),
  /** The agent's words that made the line, oldest first. */
  evidence: z.array(evidence),
});

const totals = z.strictObject({
  subtotalCents: cents,
  taxCents: cents,
  taxIncluded: z.boolean(),
  totalCents: cents,
  spokenTotalCents: cents.nullable(),
  /** null while no total was spoken. */
  spokenMatches: z.boolean().nullable(),
});

const historyEntry = z.strictObject({
  op: z.enum(['add', 'set', 'replace', 'split', 'remove', 'clear', 'note', 'close', 'reopen', 'correct', 'void']),
  lineId: z.string().nullable(),
  turn: z.int().nonnegative(),
  atMs: z.number(),
  text: z.string(),
});

/** The order as the POS gets it: orders.md's `speakerpost.ticket/1`. All money is integer cents; times are ISO 8601. */
export const ticketSchema = z.strictObject({
  schema: z.literal('speakerpost.ticket/1'),
  ticketId: z.string(),
  revision: z.int().positive(),
  supersedes: z.string().nullable(),
  /** `<ticketId>.r<revision>`: the same at every attempt; a POS takes an order once by it. */
  idempotencyKey: z.string(),
  store: z.strictObject({ id: z.string(), externalId: z.string().nullable(), timezone: z.string() }),
  lane: z.string(),
  callId: z.string(),
  customerSeq: z.int().positive(),
  status: z.enum(['confirmed', 'abandoned', 'voided']),
  fulfilment: z.strictObject({ type: z.literal('drive_thru') }),
  currency: z.string().length(3),
  menu: z.strictObject({ id: z.string(), version: z.string(), sha256: z.string() }),
  lines: z.array(line),
  totals,
  notes: z.array(z.strictObject({ kind: z.enum(['allergy', 'preparation', 'unresolved']), text: z.string() })),
  review: z.strictObject({ needed: z.boolean(), reasons: z.array(z.enum(reviewReasons)) }),
  history: z.array(historyEntry),
  times: z.strictObject({
    callStarted: z.iso.datetime(),
    greeted: z.iso.datetime().nullable(),
    confirmed: z.iso.datetime(),
  }),
  producer: z.strictObject({ name: z.literal('speakerpost'), version: z.string() }),
});

export type Ticket = z.infer<typeof ticketSchema>;
export type TicketLine = Ticket['lines'][number];
export type TicketModifier = TicketLine['modifiers'][number];
export type TicketTotals = Ticket['totals'];
export type TicketNote = Ticket['notes'][number];
export type TicketEvidence = TicketLine['evidence'][number];
export type TicketHistoryEntry = Ticket['history'][number];
