import type { Extracted, ExtractedItem } from './extractor.ts';

interface ExpectedOrder {
  readonly items: readonly ExtractedItem[];
  readonly status: 'confirmed' | 'abandoned';
}

export interface Row {
  readonly id: string;
  readonly menu: string;
  readonly tags: readonly string[];
  readonly turns: readonly { readonly text: string; readonly cut?: boolean; readonly tokens?: readonly string[] }[];
  readonly expected: {
    readonly status: string;
    readonly items?: readonly ExtractedItem[];
    readonly orders?: readonly ExpectedOrder[];
    readonly flags?: readonly string[];
    readonly spokenTotal?: number;
    readonly computedTotal?: number;
  };
}

/** Orders as the set compares them: equal lines are one, the order of lines and which half comes first do not matter. */
export function sameOrders(expected: Row['expected'], got: Pick<Extracted, 'orders'>): boolean {
  const wanted = ordersOf(expected);
  return (
    wanted.length === got.orders.length &&
    wanted.every((order, index) => {
      const other = got.orders[index];
      return other !== undefined && order.status === other.status && contentOf(order.items) === contentOf(other.items);
    })
  );
}

export function ordersOf(expected: Row['expected']): readonly ExpectedOrder[] {
  if (expected.orders !== undefined) return expected.orders;
  return [{ items: expected.items ?? [], status: expected.status === 'abandoned' ? 'abandoned' : 'confirmed' }];
}

/** Shares in percent. `silent`: wrong without a flag, of all; `over`: flagged for nothing, of the right ones. */
export function scoreOf(rows: readonly Row[], extract: (row: Row) => Extracted) {
  let exact = 0;
  let silent = 0;
  let over = 0;
  let flagsWanted = 0;
  let flagsFound = 0;
  const wrong: string[] = [];
  for (const row of rows) {
    const got = extract(row);
    const wanted = row.expected.flags ?? [];
    const isExact = sameOrders(row.expected, got);
    if (isExact) exact++;
    else wrong.push(row.id);
    if (!isExact && got.flags.length === 0) silent++;
    if (isExact && got.flags.some((flag) => !wanted.includes(flag))) over++;
    flagsWanted += wanted.length;
    flagsFound += wanted.filter((flag) => got.flags.includes(flag)).length;
  }
  return {
    exact: (100 * exact) / rows.length,
    silent: (100 * silent) / rows.length,
    over: exact === 0 ? 0 : (100 * over) / exact,
    flagRecall: flagsWanted === 0 ? 100 : (100 * flagsFound) / flagsWanted,
    wrong,
  };
}

function contentOf(items: readonly ExtractedItem[]): string {
  const counts = new Map<string, number>();
  for (const { name, size, modifiers, quantity } of items) {
    const half = (label: string) =>
      modifiers
        .filter((each) => each.startsWith(label))
        .map((each) => each.slice(6))
        .sort();
    const halves = [half('half1:').join('&'), half('half2:').join('&')].sort();
    const plain = [...new Set(modifiers.filter((each) => !/^half[12]:/.test(each)))].sort();
    const key = [name, size ?? '', plain.join(','), ...halves].join('|');
    counts.set(key, (counts.get(key) ?? 0) + quantity);
  }
  return [...counts]
    .map(([key, quantity]) => `${quantity} ${key}`)
    .sort()
    .join('; ');
}
