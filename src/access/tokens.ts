import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import type { Clock } from '../runtime/clock.ts';
import { SpeakerpostError } from '../runtime/errors.ts';
import { prepareAll, type Statements } from '../runtime/statements.ts';
import type { ApiToken } from './contract.ts';
import { type Permission, permissions } from './permissions.ts';
import { randomToken, tokenHash } from './secrets.ts';

/** Found in a log or a repository, it says what it is. */
const PREFIX = 'spk_';
const USED_EVERY_MS = 60_000;

/** Keys of programs. Each may what it was given and nothing else; the database has hashes only. */
export class Tokens {
  readonly #clock: Clock;
  readonly #statements: Statements<typeof sql>;

  constructor(database: DatabaseSync, clock: Clock) {
    this.#clock = clock;
    this.#statements = prepareAll(database, sql);
  }

  get list(): readonly ApiToken[] {
    return this.#statements.list.all().map(toToken);
  }

  /**
   * `lifetimeMs` null: until it is removed.
   * @returns the token, which nobody can be told again.
   * @throws ACCESS_NAME_TAKEN
   */
  add(name: string, scopes: readonly Permission[], lifetimeMs: number | null): string {
    const token = `${PREFIX}${randomToken()}`;
    const nowMs = Math.round(this.#clock.wallMs());
    const expires = lifetimeMs === null ? null : nowMs + Math.round(lifetimeMs);
    const { changes } = this.#statements.add.run(name, tokenHash(token), JSON.stringify(scopes), nowMs, expires);
    if (changes === 0) throw new SpeakerpostError('ACCESS_NAME_TAKEN', { name });
    return token;
  }

  /** @throws ACCESS_NO_SUCH_TOKEN */
  remove(name: string): void {
    if (this.#statements.remove.run(name).changes === 0) throw new SpeakerpostError('ACCESS_NO_SUCH_TOKEN', { name });
  }

  find(token: string): ApiToken | null {
    const nowMs = Math.round(this.#clock.wallMs());
    const row = this.#statements.find.get(tokenHash(token), nowMs);
    if (row === undefined) return null;
    if (nowMs - Number(row['used_wall_ms'] ?? 0) >= USED_EVERY_MS) this.#statements.use.run(nowMs, String(row['name']));
    return toToken(row);
  }
}

const sql = {
  list: 'SELECT * FROM tokens ORDER BY name',
  add: 'INSERT OR IGNORE INTO tokens (name, token_hash, scopes, created_wall_ms, expires_wall_ms) VALUES (?, ?, ?, ?, ?)',
  remove: 'DELETE FROM tokens WHERE name = ?',
  find: 'SELECT * FROM tokens WHERE token_hash = ? AND (expires_wall_ms IS NULL OR expires_wall_ms > ?)',
  use: 'UPDATE tokens SET used_wall_ms = ? WHERE name = ?',
} as const;

function toToken(row: Record<string, SQLOutputValue>): ApiToken {
  const scopes: unknown = JSON.parse(String(row['scopes']));
  const known = Object.keys(permissions) as Permission[];
  return {
    name: String(row['name']),
    scopes: known.filter((each) => Array.isArray(scopes) && scopes.includes(each)),
    createdWallMs: Number(row['created_wall_ms']),
    usedWallMs: row['used_wall_ms'] == null ? null : Number(row['used_wall_ms']),
    expiresAtWallMs: row['expires_wall_ms'] == null ? null : Number(row['expires_wall_ms']),
  };
}
