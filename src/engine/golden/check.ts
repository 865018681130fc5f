/** One line of the golden command: what was compared, how far apart it is, how far it may be. */
export interface Check {
  readonly name: string;
  readonly figure: number;
  readonly limit: number;
  readonly unit: string;
}

export function holds(check: Check): boolean {
  // A figure that is not a number holds nothing.
  return check.figure <= check.limit;
}

export function formatCheck(check: Check): string {
  const figure = Number.isInteger(check.figure) ? String(check.figure) : check.figure.toExponential(2);
  const limit = Number.isInteger(check.limit) ? String(check.limit) : check.limit.toExponential(0);
  return `${holds(check) ? 'ok  ' : 'FAIL'}  ${check.name.padEnd(44)} ${figure} ${check.unit} (limit ${limit})`;
}

/** Largest absolute difference; Infinity where the lengths differ or a value is not a number. */
export function maxDifference(ours: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (ours.length !== expected.length) return Number.POSITIVE_INFINITY;
  let most = 0;
  for (let i = 0; i < ours.length; i++) {
    const difference = Math.abs((ours[i] ?? Number.NaN) - (expected[i] ?? Number.NaN));
    if (Number.isNaN(difference)) return Number.POSITIVE_INFINITY;
    most = Math.max(most, difference);
  }
  return most;
}

export function isEqual(ours: ArrayLike<number>, expected: ArrayLike<number>): boolean {
  return maxDifference(ours, expected) === 0;
}
