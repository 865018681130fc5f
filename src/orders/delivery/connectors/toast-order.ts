import { z } from 'zod';
import type { ToastTarget } from '../../contract.ts';
import type { Ticket, TicketLine } from '../../ticket.ts';
import { modifierText, noteText, slotText } from './ticket-text.ts';

const guid = z.string().min(1);
/**
 * `posRef.toast` of an item or size: its guids; `modifiers` are chosen with it (a size); `optionGroup` is the group in which it
 * fills a combo's slot. Of an option: `item` and `optionGroup`.
 */
export const toastItemRef = z.strictObject({
  item: guid,
  group: guid.optional(),
  optionGroup: guid.optional(),
  modifiers: z.array(z.strictObject({ item: guid, optionGroup: guid })).optional(),
});
export const toastOptionRef = z.strictObject({ item: guid, optionGroup: guid });

type Refs = Readonly<Record<string, unknown>> | null | undefined;

interface Modifier {
  readonly item?: { readonly guid: string };
  readonly optionGroup?: { readonly guid: string };
  readonly preModifier?: { readonly guid: string };
  readonly selectionType?: 'SPECIAL_REQUEST';
  readonly displayName?: string;
  readonly quantity: number;
}

/** What every order of this gateway is known by at Toast: unique for good, so a second try is found to be one. */
export function externalIdOf(ticket: Pick<Ticket, 'ticketId' | 'revision'>, target: ToastTarget): string {
  return `${target.externalIdPrefix}${ticket.ticketId}.r${ticket.revision}`;
}

/** The ticket as a Toast order with one check; or what the menu lacks. Prices are Toast's own: it takes none from outside. */
export function toastOrder(ticket: Ticket, target: ToastTarget) {
  const externalId = externalIdOf(ticket, target);
  const selections = [];
  for (const [index, line] of ticket.lines.entries()) {
    const ref = itemRefOf(line.posRef);
    if (ref === null) return { missing: `the menu has no posRef.toast for "${line.name}" (${line.itemId})` };
    selections.push({
      externalId: `${externalId}.s${index + 1}`,
      item: { guid: ref.item },
      itemGroup: { guid: ref.group },
      quantity: line.quantity,
      modifiers: modifiersOf(ticket, line, index, target),
    });
  }
  const { email, phone } = target.guest;
  return {
    externalId,
    diningOption: { guid: target.diningOption },
    checks: [
      {
        externalId: `${externalId}.c1`,
        // Take-out needs a guest.
        customer: { firstName: 'Drive-thru', lastName: ticket.lane, email, phone },
        selections,
      },
    ],
  };
}

/** The item's guids, or null when one is missing: Toast takes no selection without its group. */
export function itemRefOf(refs: Refs) {
  const ref = toastItemRef.safeParse(refs?.['toast']).data;
  return ref?.group === undefined ? null : { ...ref, group: ref.group };
}

/** A modifier's quantity is its selection's (Toast, "Requirements for modifier quantities"). */
function modifiersOf(ticket: Ticket, line: TicketLine, index: number, target: ToastTarget): Modifier[] {
  const { quantity } = line;
  const chosen = (item: string, optionGroup: string, preModifier?: string): Modifier => ({
    item: { guid: item },
    optionGroup: { guid: optionGroup },
    ...(preModifier === undefined ? {} : { preModifier: { guid: preModifier } }),
    quantity,
  });
  const request = (displayName: string): Modifier => ({ selectionType: 'SPECIAL_REQUEST', displayName, quantity });
  const modifiers = (itemRefOf(line.posRef)?.modifiers ?? []).map((each) => chosen(each.item, each.optionGroup));
  for (const modifier of line.modifiers) {
    const ref = toastOptionRef.safeParse(modifier.posRef?.['toast']).data;
    const before = modifier.action === 'add' ? undefined : target.preModifiers[modifier.action];
    const isExpressible = modifier.half === null && (modifier.action === 'add' || before !== undefined);
    if (ref === undefined || !isExpressible) modifiers.push(request(modifierText(modifier)));
    // "Double onion" is the option twice: its quantity has to be the item's.
    else for (let n = 0; n < modifier.quantity; n++) modifiers.push(chosen(ref.item, ref.optionGroup, before));
  }
  for (const [slot, item] of Object.entries(line.combo?.slots ?? {})) {
    const ref = toastItemRef.safeParse(item.posRef?.['toast']).data;
    if (ref?.optionGroup === undefined) modifiers.push(request(slotText(slot, item)));
    else modifiers.push(chosen(ref.item, ref.optionGroup));
  }
  if (line.note !== null) modifiers.push(request(line.note));
  // The kitchen's stations see their own lines only: an allergy goes to each, other notes to the first.
  for (const note of ticket.notes) if (index === 0 || note.kind === 'allergy') modifiers.push(request(noteText(note)));
  return modifiers;
}
