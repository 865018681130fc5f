import type { OrderSnapshot } from '../contract.ts';
import type { Menu, MenuItem } from '../menu/menu.ts';
import { priceOrder } from '../menu/pricing.ts';
import type { ReviewReason, TicketHistoryEntry, TicketLine, TicketNote } from '../ticket.ts';
import { type History, linePriceCents, type OrderLine, type OrderState } from './order-state.ts';

const HISTORY_KEPT = 200;

export interface SnapshotParts {
  readonly menu: Menu;
  readonly customerSeq: number;
  readonly revision: number;
  readonly status: OrderSnapshot['status'];
  readonly state: OrderState;
  readonly spokenTotalCents: number | null;
  readonly notes: readonly TicketNote[];
  readonly reasons: readonly ReviewReason[];
  readonly unresolved: readonly string[];
}

/** One reading of an order as the rest of the gateway sees it, priced. */
export function snapshotOf(parts: SnapshotParts): OrderSnapshot {
  const { menu, state, spokenTotalCents } = parts;
  const lines = state.lines.map(ticketLine);
  const price = priceOrder(
    menu,
    lines.map((line) => line.totalCents),
  );
  return {
    customerSeq: parts.customerSeq,
    revision: parts.revision,
    status: parts.status,
    lines,
    totals: {
      ...price,
      taxIncluded: menu.tax.included,
      spokenTotalCents,
      spokenMatches: spokenTotalCents === null ? null : spokenTotalCents === price.totalCents,
    },
    notes: [...parts.notes],
    reviewReasons: [...parts.reasons],
    unresolved: [...parts.unresolved],
    history: historyOf(state.history),
  };
}

function ticketLine(line: OrderLine): TicketLine {
  const unitPriceCents = linePriceCents(line);
  const posRef = line.item.sizes.find(({ name }) => name === line.size)?.posRef ?? line.item.posRef;
  return {
    lineId: line.id,
    itemId: line.item.id,
    name: line.item.name,
    posRef: posRef === null ? null : { ...posRef },
    quantity: line.quantity,
    size: line.size,
    unitPriceCents,
    modifiers: line.options.map(({ option, action, half }) => ({
      groupId: option.groupId,
      optionId: option.optionId,
      name: option.name,
      action,
      half,
      quantity: 1,
      priceCents: action === 'no' ? 0 : option.priceCents,
      ...(option.posRef === undefined ? {} : { posRef: { ...option.posRef } }),
    })),
    combo:
      line.item.combo === null
        ? null
        : {
            number: line.item.combo.number === null ? null : String(line.item.combo.number),
            slots: Object.fromEntries([...line.slots].map(([id, item]) => [id, slotOf(item)])),
          },
    note: null,
    totalCents: unitPriceCents * line.quantity,
    confidence: line.confidence,
    evidence: [...line.evidence],
  };
}

function slotOf({ id, posRef }: MenuItem): NonNullable<TicketLine['combo']>['slots'][string] {
  return { itemId: id, size: null, ...(posRef === null ? {} : { posRef: { ...posRef } }) };
}

function historyOf(history: History | null): TicketHistoryEntry[] {
  const entries: TicketHistoryEntry[] = [];
  for (let at = history; at !== null && entries.length < HISTORY_KEPT; at = at.before) entries.push(at.entry);
  return entries.reverse();
}
