import type { OrderSnapshot } from '../orders/contract.ts';

/** What a fresh agent says first, so that it and the guest know where they are; null: there is nothing on the order. */
export function orderSoFar(orders: readonly OrderSnapshot[]): string | null {
  const open = orders.filter(({ status }) => status === 'draft').at(-1);
  const items = (open?.lines ?? []).map(({ quantity, size, name }) =>
    [String(quantity), size, name].filter(Boolean).join(' '),
  );
  if (items.length === 0) return null;
  const last = items.at(-1) ?? '';
  const list = items.length === 1 ? last : `${items.slice(0, -1).join(', ')} and ${last}`;
  return `I am back. So far I have ${list}. What else can I get you?`;
}
