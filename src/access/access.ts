import { existsSync } from 'node:fs';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Clock, Timer } from '../runtime/clock.ts';
import { messageOf, SpeakerpostError } from '../runtime/errors.ts';
import { AuditLog } from './audit-log.ts';
import { People } from './people.ts';
import { migrations } from './schema.ts';
import { Sessions } from './sessions.ts';
import { Tokens } from './tokens.ts';

/** A command beside the running gateway may hold the write lock for so long. */
const BUSY_TIMEOUT_MS = 2_000;
const EXPIRE_EVERY_MS = 3_600_000;

export interface Access {
  readonly people: People;
  readonly sessions: Sessions;
  readonly tokens: Tokens;
  readonly audit: AuditLog;
  close(): void;
}

/**
 * Opens, or makes, `access.sqlite` in the data directory: readable by its owner only. Its writes are few and small (a sign-in, a
 * note of who listened), so they are made where they are asked for.
 * @throws ACCESS_UNUSABLE
 */
export async function openAccess(dataDirectory: string, clock: Clock): Promise<Access> {
  const file = join(dataDirectory, 'access.sqlite');
  let database: DatabaseSync | null = null;
  try {
    await mkdir(dataDirectory, { recursive: true });
    if (!existsSync(file)) await makePrivate(file);
    database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: true });
    // NORMAL: a power cut may lose the last entries, never the file; nothing here is an order.
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA secure_delete = ON;');
    migrate(database);
    return assemble(database, clock);
  } catch (error) {
    database?.close();
    throw new SpeakerpostError('ACCESS_UNUSABLE', { file, reason: messageOf(error) }, error);
  }
}

function assemble(database: DatabaseSync, clock: Clock): Access {
  const sessions = new Sessions(database, clock);
  const people = new People(database, sessions, clock);
  const tokens = new Tokens(database, clock);
  const audit = new AuditLog(database, clock);
  let timer: Timer;
  const expire = (): void => {
    for (const each of [sessions, audit]) each.expire();
    timer = clock.after(EXPIRE_EVERY_MS, expire);
  };
  expire();
  return {
    people,
    sessions,
    tokens,
    audit,
    close() {
      timer.cancel();
      if (database.isOpen) database.close();
    },
  };
}

function migrate(database: DatabaseSync): void {
  const found = Number(database.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
  if (found > migrations.length) throw new Error(`it is of a newer version of this program (${found})`);
  for (const migration of migrations.slice(found)) database.exec(`BEGIN IMMEDIATE; ${migration} COMMIT;`);
  database.exec(`PRAGMA user_version = ${migrations.length}`);
}

async function makePrivate(file: string): Promise<void> {
  await (await open(file, 'wx', 0o600)).close();
}
