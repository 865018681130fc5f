import { cpus } from 'node:os';
import type { ModelNumbers } from '../src/engine/model-contract.ts';

/** The machine and the Node that figures were measured on: the first line of every bench. */
export function machine(): string {
  return `${cpus().length} x ${cpus()[0]?.model ?? 'unknown CPU'}, Node ${process.version}`;
}

/** The value that `share` of the values do not exceed (nearest rank); NaN of none. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}

export function distribution(valuesMs: readonly number[]): string {
  const at = (share: number) => quantile(valuesMs, share).toFixed(2);
  return `p50 ${at(0.5)}, p99 ${at(0.99)}, p99.9 ${at(0.999)}, max ${at(1)} ms`;
}

/** `--type` and `--positions` of a bench. @throws RangeError */
export function modelNumbers({
  type,
  positions,
}: {
  type?: string | undefined;
  positions?: string | undefined;
}): ModelNumbers {
  const known = ['float32', 'float16', 'bfloat16'] as const;
  const found = known.find((each) => each === type);
  if (type !== undefined && found === undefined) throw new RangeError(`--type ${type} is none of ${known.join(', ')}`);
  return {
    ...(found === undefined ? {} : { type: found }),
    ...(positions === undefined ? {} : { positions: Number(positions) }),
  };
}
