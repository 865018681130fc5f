import type { Menu, MenuItem } from '../../menu/menu.ts';
import { squareOptionRef, variationOf } from './square-order.ts';
import { itemRefOf, toastOptionRef } from './toast-order.ts';

export interface PosRefGaps {
  /** Items and sizes that the POS cannot be sent: an order with one is refused. */
  readonly items: readonly string[];
  /** Options that are sent as a note, without a price. */
  readonly options: readonly string[];
}

/** What a menu lacks for a POS that knows items by its own ids. */
export function posRefGaps(menu: Menu, kind: 'square' | 'toast'): PosRefGaps {
  const hasItem = (refs: MenuItem['posRef']) => (kind === 'square' ? variationOf(refs) : itemRefOf(refs)) !== null;
  const optionSchema = kind === 'square' ? squareOptionRef : toastOptionRef;
  const items = menu.items.flatMap(({ name, sizes, posRef }) =>
    sizes.length === 0
      ? hasItem(posRef)
        ? []
        : [name]
      : sizes.filter((size) => !hasItem(size.posRef)).map((size) => `${size.name} ${name}`),
  );
  const options = menu.groups.flatMap((group) =>
    group.options
      .filter(({ posRef }) => !optionSchema.safeParse(posRef?.[kind]).success)
      .map(({ name }) => `${name} (${group.name})`),
  );
  return { items, options };
}
