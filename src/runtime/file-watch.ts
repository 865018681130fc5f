import { statSync } from 'node:fs';
import type { Clock, Timer } from './clock.ts';

const LOOK_AGAIN_MS = 30_000;

/**
 * Looks every 30 s whether one of the files was replaced or changed. By looking instead of by inotify: certificates are often links
 * that are moved, on file systems that do not tell.
 */
export function watchFiles(files: readonly (string | null)[], clock: Clock, onChange: () => void): { stop(): void } {
  const stamp = () =>
    files
      .map((file) => {
        const stat = file === null ? undefined : statSync(file, { throwIfNoEntry: false });
        return stat === undefined ? '' : `${stat.mtimeMs} ${stat.ino} ${stat.size}`;
      })
      .join();
  let known = stamp();
  let timer: Timer;
  const look = () => {
    timer = clock.after(LOOK_AGAIN_MS, look);
    const now = stamp();
    if (now === known) return;
    known = now;
    onChange();
  };
  timer = clock.after(LOOK_AGAIN_MS, look);
  return { stop: () => timer.cancel() };
}
