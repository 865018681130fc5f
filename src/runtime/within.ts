import type { Clock } from './clock.ts';

/** The result of `work`, or a rejection with `late()` when it is not there after `limitMs`; the work itself goes on. */
export function within<Result>(
  clock: Clock,
  limitMs: number,
  work: Promise<Result>,
  late: () => Error = () => new Error(`no answer within ${limitMs} ms`),
): Promise<Result> {
  const { promise, resolve, reject } = Promise.withResolvers<Result>();
  const limit = clock.after(limitMs, () => reject(late()));
  work.finally(() => limit.cancel()).then(resolve, reject);
  return promise;
}
