import type { Menu, MenuItem } from './menu.ts';

export interface PricedOption {
  readonly action: 'add' | 'no' | 'extra' | 'light' | 'side';
  readonly priceCents: number;
}

export interface OrderPrice {
  readonly subtotalCents: number;
  readonly taxCents: number;
  readonly totalCents: number;
}

/** One of an item: its size's price (the default size's where none was spoken) and its options; what is left off costs nothing. */
export function unitPriceCents(item: MenuItem, size: string | null, options: readonly PricedOption[]): number {
  const chosen = size === null ? item.defaultSize : item.sizes.find(({ name }) => name === size);
  return options.reduce(
    (sum, option) => sum + (option.action === 'no' ? 0 : option.priceCents),
    chosen?.priceCents ?? item.priceCents,
  );
}

/** Tax once a ticket, rounded half up. Where prices include tax, `taxCents` is the part of the total that is tax. */
export function priceOrder(menu: Menu, lineTotalsCents: readonly number[]): OrderPrice {
  const subtotalCents = lineTotalsCents.reduce((sum, cents) => sum + cents, 0);
  const { rate, included } = menu.tax;
  // The rate is a decimal fraction: parts per million keep the half exactly a half.
  const millionths = Math.round(rate * 1e6);
  if (included) {
    const taxCents = Math.floor((subtotalCents * millionths * 2 + (1e6 + millionths)) / (2 * (1e6 + millionths)));
    return { subtotalCents, taxCents, totalCents: subtotalCents };
  }
  const taxCents = Math.floor((subtotalCents * millionths + 5e5) / 1e6);
  return { subtotalCents, taxCents, totalCents: subtotalCents + taxCents };
}
