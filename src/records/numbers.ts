import type { SQLOutputValue } from 'node:sqlite';
import type { CallNumbers, NumbersAnswer, NumbersQuery, Spread } from './contract.ts';

/**
 * A call counts when it has ended. A call is contained when nobody of the crew touched it: it ended by itself, the agent did not fail,
 * the crew was not rung. A published share without its definition is worth nothing, so the pages show these beside the figures.
 */
export const definitions: Readonly<Record<string, string>> = {
  calls: 'Cars whose call has ended.',
  ordered: 'Calls with at least one confirmed order.',
  contained: 'Calls that nobody of the crew touched: the agent did not fail and the crew was not rung.',
  reviewed: 'Calls with at least one reason for review on the call or its ticket.',
  failed: 'Calls in which the agent failed, or that were cut by a restart.',
  posFailed: 'Calls with a ticket that the POS refused or did not take in time.',
  greetMs: 'From the answer to the first word of the agent.',
  orderMs: 'From the greeting to the close of the order.',
  firstSoundMs: "From the answer to the first sound of the agent at the guest's speaker.",
  posMs: "From the close of the order to the POS's answer.",
  lateFrames: 'Frames of 80 ms that the engine gave back after they were due.',
  salesCents: 'Computed totals of confirmed orders, tax included.',
};

export type NumbersRow = Record<string, SQLOutputValue>;

/** Columns that `numbersOf` reads. */
export const NUMBERS_COLUMNS = `lane, started_wall_ms, outcome, items, total_cents, delivery_state, flags <> '[]' AS is_flagged, greeted_ms,
  order_ms, pos_ms, stats ->> '$.firstFrameMs' AS first_ms, stats ->> '$.framesIn' AS frames, stats ->> '$.framesLate' AS late,
  EXISTS (SELECT 1 FROM call_log WHERE call_log.call_id = calls.call_id AND what LIKE 'crew%') AS had_crew`;

export function numbersOf(
  rows: readonly NumbersRow[],
  { by, timezone }: Pick<NumbersQuery, 'by' | 'timezone'>,
): NumbersAnswer {
  const bucket = by === 'lane' ? null : bucketsIn(timezone, by);
  const groups = Map.groupBy(rows, (row) => bucket?.(Number(row['started_wall_ms'])) ?? String(row['lane']));
  return {
    groups: [...groups].map(([name, own]) => figures(name, own)).sort((a, b) => (a.group < b.group ? -1 : 1)),
    all: figures('all', rows),
  };
}

function figures(group: string, rows: readonly NumbersRow[]): CallNumbers {
  const count = (test: (row: NumbersRow) => boolean) => rows.filter(test).length;
  const total = (name: string) => rows.reduce((sum, row) => sum + Number(row[name] ?? 0), 0);
  const isFailed = ({ outcome }: NumbersRow) => outcome === 'failed' || outcome === 'interrupted';
  const isOrdered = ({ outcome, items }: NumbersRow) => outcome === 'ordered' && Number(items) > 0;
  return {
    group,
    calls: rows.length,
    ordered: count(isOrdered),
    contained: count((row) => !isFailed(row) && row['had_crew'] !== 1),
    reviewed: count((row) => row['is_flagged'] === 1),
    failed: count(isFailed),
    posFailed: count((row) => row['delivery_state'] === 'needs_attention' || row['delivery_state'] === 'dead'),
    greetMs: spread(rows, 'greeted_ms'),
    orderMs: spread(rows, 'order_ms'),
    firstSoundMs: spread(rows, 'first_ms'),
    posMs: spread(rows, 'pos_ms'),
    lateFrames: total('late'),
    frames: total('frames'),
    salesCents: rows.filter(isOrdered).reduce((sum, row) => sum + Number(row['total_cents'] ?? 0), 0),
  };
}

function spread(rows: readonly NumbersRow[], name: string): Spread {
  const values = rows
    .map((row) => row[name])
    .filter((value) => value != null)
    .map(Number)
    .sort((a, b) => a - b);
  const at = (share: number) => values[Math.min(values.length - 1, Math.floor(share * values.length))] ?? null;
  return { p50: at(0.5), p95: at(0.95) };
}

/** The hour or day of a moment in the store's zone. Intl costs microseconds a call, so hours (of whole quarters) are remembered. */
function bucketsIn(timezone: string, by: 'hour' | 'day'): (wallMs: number) => string {
  const format = new Intl.DateTimeFormat('sv-SE', {
    timeZone: timezone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
  });
  const QUARTER_MS = 900_000;
  const known = new Map<number, string>();
  return (wallMs) => {
    const quarter = Math.floor(wallMs / QUARTER_MS);
    const found = known.get(quarter);
    if (found !== undefined) return found;
    const [day = '', hour = ''] = format.format(quarter * QUARTER_MS).split(' ');
    const name = by === 'day' ? day : `${day}T${hour}`;
    known.set(quarter, name);
    return name;
  };
}
