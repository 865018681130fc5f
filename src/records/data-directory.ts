import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { messageOf, SpeakerpostError } from '../runtime/errors.ts';

/** A gateway that was just told to stop may hold the directory a moment longer. */
const PREDECESSOR_MS = 1_000;
const SQLITE_BUSY = 5;

/**
 * Makes the data directory and takes it for this gateway alone: two on one directory would mark each other's calls as cut and deliver
 * each other's tickets. The lock is a file lock of SQLite on a file of its own, so the kernel drops it with the process, however that dies.
 * @returns gives the directory back
 * @throws SpeakerpostError DATA_DIRECTORY_IN_USE, DATA_DIRECTORY_UNUSABLE
 */
export function takeDataDirectory(directory: string): () => void {
  let lock: DatabaseSync | null = null;
  try {
    mkdirSync(directory, { recursive: true });
    lock = new DatabaseSync(join(directory, 'gateway.lock'), { timeout: PREDECESSOR_MS });
    lock.exec('PRAGMA journal_mode = OFF; BEGIN EXCLUSIVE');
  } catch (error) {
    lock?.close();
    if (error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY) {
      throw new SpeakerpostError('DATA_DIRECTORY_IN_USE', { directory }, error);
    }
    const reason = messageOf(error);
    throw new SpeakerpostError('DATA_DIRECTORY_UNUSABLE', { directory, reason }, error);
  }
  const taken = lock;
  return () => taken.close();
}
