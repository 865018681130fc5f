import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Clock } from '../runtime/clock.ts';
import type { AuditEntry } from './contract.ts';

/** Kept for a year: longer than any recording. */
const KEPT_MS = 366 * 86_400_000;

export interface AuditQuery {
  readonly limit: number;
  /** Only entries before this one; null: the newest. */
  readonly beforeId: number | null;
  /** Only about this call, ticket or account. */
  readonly subject: string | null;
}

/** Who did what to which call, and when. Entries are only added; old ones go by age. */
export class AuditLog {
  readonly #clock: Clock;
  readonly #add: StatementSync;
  readonly #list: StatementSync;
  readonly #expire: StatementSync;

  constructor(database: DatabaseSync, clock: Clock) {
    this.#clock = clock;
    this.#add = database.prepare(
      'INSERT INTO audit_log (at_wall_ms, name, action, subject, detail, address) VALUES (?, ?, ?, ?, ?, ?)',
    );
    this.#list = database.prepare(
      'SELECT * FROM audit_log WHERE id < ? AND (? IS NULL OR subject = ?) ORDER BY id DESC LIMIT ?',
    );
    this.#expire = database.prepare('DELETE FROM audit_log WHERE at_wall_ms < ?');
  }

  add(entry: Omit<AuditEntry, 'id' | 'atWallMs'>): void {
    const { name, action, subject, detail, address } = entry;
    this.#add.run(Math.round(this.#clock.wallMs()), name, action, subject, detail, address);
  }

  /** Newest first. */
  list({ limit, beforeId, subject }: AuditQuery): readonly AuditEntry[] {
    return this.#list.all(beforeId ?? Number.MAX_SAFE_INTEGER, subject, subject, limit).map((row) => ({
      id: Number(row['id']),
      atWallMs: Number(row['at_wall_ms']),
      name: String(row['name']),
      action: String(row['action']),
      subject: row['subject'] == null ? null : String(row['subject']),
      detail: row['detail'] == null ? null : String(row['detail']),
      address: String(row['address']),
    }));
  }

  expire(): void {
    this.#expire.run(Math.round(this.#clock.wallMs() - KEPT_MS));
  }
}
