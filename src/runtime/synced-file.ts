import { randomBytes } from 'node:crypto';
import { open, rename } from 'node:fs/promises';

/** Resolves when the text is on the disk, not before. `flag` as in `open`: 'wx' refuses a file that is there. */
export async function writeSynced(file: string, text: string, mode: number, flag: 'w' | 'wx' = 'w'): Promise<void> {
  const handle = await open(file, flag, mode);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Writes a secret: the whole file or none of it, mode 0600 from the first byte. */
export async function writePrivate(file: string, text: string): Promise<void> {
  const part = `${file}.${randomBytes(6).toString('hex')}.part`;
  await writeSynced(part, text, 0o600, 'wx');
  await rename(part, file);
}
