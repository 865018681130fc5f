import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import type { Clock } from '../runtime/clock.ts';
import { prepareAll, type Statements } from '../runtime/statements.ts';
import type { Session } from './contract.ts';
import type { Role } from './permissions.ts';
import { randomToken, tokenHash } from './secrets.ts';

/** A shift; after it one signs in again. */
const LIFETIME_MS = 12 * 3_600_000;
/** A tablet left alone. */
const IDLE_MS = 4 * 3_600_000;
/** A stolen cookie is of no use for longer: the id changes while the page is used (OWASP session management, renewal). */
const ID_LIFETIME_MS = 15 * 60_000;
/** Requests that were under way with the old id. */
const OLD_ID_MS = 30_000;
/** Not every request has to write. */
const SEEN_EVERY_MS = 60_000;

export interface FoundSession {
  readonly session: Session;
  /** The cookie is to be set again: the id has changed. */
  readonly isRenewed: boolean;
}

/** Who is signed in. Kept on disk, so that a restart on a busy day signs nobody out. */
export class Sessions {
  readonly #clock: Clock;
  readonly #statements: Statements<typeof sql>;

  constructor(database: DatabaseSync, clock: Clock) {
    this.#clock = clock;
    this.#statements = prepareAll(database, sql);
  }

  open(name: string): Session {
    const nowMs = this.#nowMs();
    const id = randomToken();
    this.#statements.open.run(tokenHash(id), name, randomToken(), nowMs, nowMs, nowMs + LIFETIME_MS);
    const row = this.#statements.find.get({ hash: tokenHash(id), now: nowMs, idle: nowMs - IDLE_MS });
    if (row === undefined) throw new Error(`no account ${name}`);
    return toSession(row, id);
  }

  find(id: string): FoundSession | null {
    const nowMs = this.#nowMs();
    const hash = tokenHash(id);
    const row = this.#statements.find.get({ hash, now: nowMs, idle: nowMs - IDLE_MS });
    if (row === undefined) return null;
    const family = Number(row['family']);
    if (row['id_hash'] === hash && nowMs - Number(row['changed_wall_ms']) >= ID_LIFETIME_MS) {
      const fresh = randomToken();
      this.#statements.renew.run(tokenHash(fresh), hash, nowMs + OLD_ID_MS, nowMs, nowMs, family);
      return { session: toSession(row, fresh), isRenewed: true };
    }
    if (nowMs - Number(row['seen_wall_ms']) >= SEEN_EVERY_MS) this.#statements.see.run(nowMs, family);
    return { session: toSession(row, id), isRenewed: false };
  }

  /** The session's state now: null when it has ended; its role when that was changed. */
  refresh(session: Session): Session | null {
    const nowMs = this.#nowMs();
    const row = this.#statements.family.get({ family: session.family, now: nowMs, idle: nowMs - IDLE_MS });
    return row === undefined ? null : toSession(row, session.id);
  }

  close(session: Session): void {
    this.#statements.close.run(session.family);
  }

  /** Signs the person out everywhere. */
  closeAllOf(name: string): void {
    this.#statements.closeAll.run(name);
  }

  expire(): void {
    const nowMs = this.#nowMs();
    this.#statements.expire.run(nowMs, nowMs - IDLE_MS);
  }

  #nowMs(): number {
    return Math.round(this.#clock.wallMs());
  }
}

const COLUMNS = `SELECT family, id_hash, people.name AS name, role, csrf_token, changed_wall_ms, seen_wall_ms, expires_wall_ms
  FROM sessions JOIN people USING (name)`;

const sql = {
  open: `INSERT INTO sessions (id_hash, name, csrf_token, changed_wall_ms, seen_wall_ms, expires_wall_ms)
         VALUES (?, ?, ?, ?, ?, ?)`,
  find: `${COLUMNS} WHERE (id_hash = :hash OR (old_id_hash = :hash AND old_until_wall_ms > :now))
         AND expires_wall_ms > :now AND seen_wall_ms > :idle`,
  family: `${COLUMNS} WHERE family = :family AND expires_wall_ms > :now AND seen_wall_ms > :idle`,
  renew: `UPDATE sessions SET id_hash = ?, old_id_hash = ?, old_until_wall_ms = ?, changed_wall_ms = ?, seen_wall_ms = ?
          WHERE family = ?`,
  see: 'UPDATE sessions SET seen_wall_ms = ? WHERE family = ?',
  close: 'DELETE FROM sessions WHERE family = ?',
  closeAll: 'DELETE FROM sessions WHERE name = ?',
  expire: 'DELETE FROM sessions WHERE expires_wall_ms <= ? OR seen_wall_ms <= ?',
} as const;

function toSession(row: Record<string, SQLOutputValue>, id: string): Session {
  return {
    id,
    name: String(row['name']),
    role: row['role'] as Role,
    csrfToken: String(row['csrf_token']),
    expiresAtWallMs: Number(row['expires_wall_ms']),
    family: Number(row['family']),
  };
}
