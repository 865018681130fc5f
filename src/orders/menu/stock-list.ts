import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { z } from 'zod';
import { messageOf, SpeakerpostError } from '../../runtime/errors.ts';

/** One item, or one option of a group, that the store has run out of ("86"). */
const missing = z.strictObject({
  menuId: z.string(),
  /** An item's id, or `groupId/optionId`. */
  id: z.string(),
  kind: z.enum(['item', 'option']),
  sinceWallMs: z.number(),
  /** When it is there again by itself; null: until somebody says so. */
  untilWallMs: z.number().nullable(),
});
const stockSchema = z.strictObject({ missing: z.array(missing) });

export type MissingEntry = z.infer<typeof missing>;

/**
 * What the store is out of, in a file of the data directory: a restart does not bring it back. Written whole or not at all before
 * a change counts.
 */
export class StockList {
  readonly #file: string;
  #missing: readonly MissingEntry[];

  /** @throws SpeakerpostError STOCK_UNUSABLE when the file is there and cannot be read */
  constructor(file: string) {
    this.#file = file;
    this.#missing = read(file);
  }

  /** Entries that count at `nowWallMs`. */
  missingAt(menuId: string, nowWallMs: number): readonly MissingEntry[] {
    return this.#missing.filter((entry) => entry.menuId === menuId && isDue(entry, nowWallMs));
  }

  /** @throws SpeakerpostError STOCK_UNUSABLE when it cannot be written; nothing has changed then */
  mark(entry: MissingEntry): void {
    this.#write([...this.#without(entry, entry.sinceWallMs), entry]);
  }

  /** @throws SpeakerpostError STOCK_UNUSABLE */
  unmark(entry: Pick<MissingEntry, 'menuId' | 'kind' | 'id'>, nowWallMs: number): void {
    this.#write(this.#without(entry, nowWallMs));
  }

  #without({ menuId, kind, id }: Pick<MissingEntry, 'menuId' | 'kind' | 'id'>, nowWallMs: number): MissingEntry[] {
    return this.#missing.filter(
      (each) => isDue(each, nowWallMs) && !(each.menuId === menuId && each.kind === kind && each.id === id),
    );
  }

  #write(entries: readonly MissingEntry[]): void {
    const part = `${this.#file}.part`;
    try {
      mkdirSync(dirname(this.#file), { recursive: true });
      const handle = openSync(part, 'w', 0o640);
      try {
        writeSync(handle, `${JSON.stringify({ missing: entries }, null, 2)}\n`);
        fsyncSync(handle);
      } finally {
        closeSync(handle);
      }
      renameSync(part, this.#file);
    } catch (error) {
      throw new SpeakerpostError('STOCK_UNUSABLE', { file: this.#file, reason: messageOf(error) }, error);
    }
    this.#missing = entries;
  }
}

function isDue({ untilWallMs }: MissingEntry, nowWallMs: number): boolean {
  return untilWallMs === null || untilWallMs > nowWallMs;
}

function read(file: string): readonly MissingEntry[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw new SpeakerpostError('STOCK_UNUSABLE', { file, reason: messageOf(error) }, error);
  }
  try {
    return stockSchema.parse(JSON.parse(text)).missing;
  } catch (error) {
    throw new SpeakerpostError('STOCK_UNUSABLE', { file, reason: messageOf(error) }, error);
  }
}
