/** A batch: lanes first .. first + count - 1. */
export interface LaneRange {
  readonly first: number;
  readonly count: number;
}

/** The fewest ranges that hold exactly these lanes. */
export function neighbours(lanes: readonly number[]): readonly LaneRange[] {
  const ranges: { first: number; count: number }[] = [];
  for (const lane of lanes.toSorted((a, b) => a - b)) {
    const open = ranges.at(-1);
    if (open !== undefined && open.first + open.count === lane) open.count += 1;
    else ranges.push({ first: lane, count: 1 });
  }
  return ranges;
}
