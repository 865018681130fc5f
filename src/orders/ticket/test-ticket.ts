import { version } from '../../runtime/version.ts';
import type { Menu, MenuItem } from '../menu/menu.ts';
import type { Ticket } from '../ticket.ts';
import { buildTicket } from './build-ticket.ts';

const NOTE = 'TEST ORDER - DO NOT MAKE';

export interface TestTicketContext {
  readonly id: string;
  readonly store: Ticket['store'];
  readonly lane: string;
  readonly menu: Menu;
  /** Milliseconds since the Unix epoch. */
  readonly wallMs: number;
}

/** One of the menu's first item, marked as a test, by the same way as a real order. */
export function testTicket({ id, store, lane, menu, wallMs }: TestTicketContext): Ticket {
  const item = menu.items.find((each) => !each.isOutOfStock && each.combo === null) ?? menu.items[0];
  if (item === undefined) throw new Error('a menu has items');
  const size = item.sizes[0] ?? null;
  const priceCents = size?.priceCents ?? item.priceCents;
  const taxCents = menu.tax.included ? 0 : Math.round(priceCents * menu.tax.rate);
  return buildTicket(
    {
      customerSeq: 1,
      revision: 1,
      status: 'confirmed',
      lines: [lineOf(item, size?.name ?? null, size?.posRef ?? item.posRef, priceCents)],
      totals: {
        subtotalCents: priceCents,
        taxCents,
        taxIncluded: menu.tax.included,
        totalCents: priceCents + taxCents,
        spokenTotalCents: null,
        spokenMatches: null,
      },
      notes: [{ kind: 'preparation', text: NOTE }],
      reviewReasons: [],
      unresolved: [],
      history: [],
    },
    {
      store: { id: store.id, externalId: store.externalId, timezone: store.timezone },
      menu,
      lane,
      callId: id,
      startedWallMs: wallMs,
      greetedWallMs: null,
      confirmedWallMs: wallMs,
      producerVersion: version,
    },
  );
}

function lineOf(
  item: MenuItem,
  size: string | null,
  posRef: MenuItem['posRef'],
  priceCents: number,
): Ticket['lines'][number] {
  return {
    lineId: 'l1',
    itemId: item.id,
    name: item.name,
    posRef: posRef === null ? null : { ...posRef },
    quantity: 1,
    size,
    unitPriceCents: priceCents,
    modifiers: [],
    combo: null,
    note: NOTE,
    totalCents: priceCents,
    confidence: 1,
    evidence: [],
  };
}
