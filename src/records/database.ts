import { DatabaseSync } from 'node:sqlite';
import { messageOf, SpeakerpostError } from '../runtime/errors.ts';
import { migrations } from './schema.ts';

/** Another process (sqlite3, a backup) may hold the write lock for so long before a commit fails. */
const BUSY_TIMEOUT_MS = 2_000;

/**
 * Opens the database for its one writer and brings its schema up to date. WAL: readers never block the writer; synchronous
 * FULL: a commit that returned survives a power cut (sqlite.org/pragma.html#pragma_synchronous).
 * @throws SpeakerpostError DATABASE_UNUSABLE, DATABASE_TOO_NEW
 */
export function openDatabase(file: string): DatabaseSync {
  let database: DatabaseSync | null = null;
  try {
    database = new DatabaseSync(file, { timeout: BUSY_TIMEOUT_MS });
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;');
    checkIntegrity(database);
    migrate(database, file);
    return database;
  } catch (error) {
    database?.close();
    if (error instanceof SpeakerpostError) throw error;
    throw new SpeakerpostError('DATABASE_UNUSABLE', { file, reason: messageOf(error) }, error);
  }
}

/** Opens an existing database for pages; the writer is never blocked. */
export function openDatabaseReadOnly(file: string): DatabaseSync {
  return new DatabaseSync(file, { readOnly: true, timeout: BUSY_TIMEOUT_MS });
}

/** Runs `work` in one transaction: all of it is durable, or none of it happened. */
export function inTransaction<Result>(database: DatabaseSync, work: () => Result): Result {
  database.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    database.exec('COMMIT');
    return result;
  } catch (error) {
    // SQLite has already rolled back by itself after some errors (disk full, I/O).
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

function checkIntegrity(database: DatabaseSync): void {
  const [first] = database.prepare('PRAGMA quick_check(1)').all();
  const finding = String(first?.['quick_check'] ?? 'no answer');
  if (finding !== 'ok') throw new Error(`it is damaged: ${finding}`);
}

function migrate(database: DatabaseSync, file: string): void {
  const found = Number(database.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0);
  if (found > migrations.length) {
    throw new SpeakerpostError('DATABASE_TOO_NEW', { file, found, known: migrations.length });
  }
  if (found === migrations.length) return;
  inTransaction(database, () => {
    for (const migration of migrations.slice(found)) database.exec(migration);
    database.exec(`PRAGMA user_version = ${migrations.length}`);
  });
}
