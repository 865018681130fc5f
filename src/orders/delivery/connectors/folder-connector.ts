import { access, mkdir, open, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '../../../runtime/errors.ts';
import { writeSynced } from '../../../runtime/synced-file.ts';
import type { FolderTarget } from '../../contract.ts';
import type { Ticket } from '../../ticket.ts';
import type { PosAnswer, PosConnector } from '../pos-connector.ts';

/**
 * One JSON file a revision, `<idempotency key>.json`, for a POS that watches a folder. It is written beside, synced and renamed, so that
 * nobody reads half of one; a file that is there already is delivered. A reader that takes files away has to know a key again.
 */
export class FolderConnector implements PosConnector {
  readonly isSequential = false;
  readonly #folder: string;

  constructor(target: FolderTarget) {
    this.#folder = target.folder;
  }

  async send(ticket: Ticket): Promise<PosAnswer> {
    const name = `${encodeURIComponent(ticket.idempotencyKey)}.json`;
    const file = join(this.#folder, name);
    const accepted = { kind: 'accepted', detail: name, posOrderId: name } as const;
    try {
      await mkdir(this.#folder, { recursive: true });
      if (await exists(file)) return accepted;
      const unfinished = join(this.#folder, `.${name}.part`);
      await writeSynced(unfinished, `${JSON.stringify(ticket, null, 2)}\n`, 0o640);
      await rename(unfinished, file);
      await syncFolder(this.#folder);
      return accepted;
    } catch (error) {
      // A full disk or a share that is away comes back; attention is raised meanwhile.
      return { kind: 'retry', detail: messageOf(error), waitMs: null };
    }
  }
}

function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

/** Without it the name may be gone after a power cut although the file is whole. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
