import type { Span } from './clause.ts';
import type { OrderLine } from './order-state.ts';

/** "to drink with that?", "fries or rings?": the slots of the order's combos that a question names, by their name or by a choice. */
export function slotsAskedFor(lines: readonly OrderLine[], spans: readonly Span[]): ReadonlySet<string> {
  const slots = new Set<string>();
  for (const { item } of lines) {
    for (const { id, options } of item.combo?.slots ?? []) {
      const isNamed = spans.some((span) =>
        span.kind === 'menu'
          ? options.some((option) => option.id === span.meaning.item?.id)
          : 'text' in span && span.text.split(' ').includes(id),
      );
      if (isNamed) slots.add(id);
    }
  }
  return slots;
}
