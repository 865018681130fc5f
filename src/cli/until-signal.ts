/**
 * Ctrl-C and a service manager's SIGTERM reach the whole process group, and a parent that hands signals on (npm, an older Node that
 * started ours) sends the same one again: within this time it is one wish.
 */
const SAME_WISH_MS = 1_000;

/** Resolves at the first SIGINT, SIGTERM or SIGHUP; a second one ends the process at once. */
export function untilSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let firstMs: number | null = null;
    const onSignal = (signal: NodeJS.Signals) => {
      if (firstMs !== null && performance.now() - firstMs > SAME_WISH_MS) process.exit(130);
      firstMs ??= performance.now();
      resolve(signal);
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  });
}
