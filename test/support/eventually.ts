import { systemClock } from '../../src/runtime/clock.ts';

const ASK_EVERY_MS = 20;

/** Asks again until `ask` gives something other than null, undefined or false; fails after `withinMs`. For real sockets and threads only. */
export async function eventually<Value>(
  what: string,
  withinMs: number,
  ask: () => Value | Promise<Value>,
): Promise<Exclude<Value, null | undefined | false>> {
  const endMs = systemClock.nowMs() + withinMs;
  for (;;) {
    const value = await ask();
    if (value !== undefined && value !== null && value !== false)
      return value as Exclude<Value, null | undefined | false>;
    if (systemClock.nowMs() > endMs) throw new Error(`not within ${withinMs} ms: ${what}`);
    await new Promise<void>((resolve) => systemClock.after(ASK_EVERY_MS, resolve));
  }
}
