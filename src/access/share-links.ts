import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Clock } from '../runtime/clock.ts';
import type { ShareLink } from './contract.ts';
import { randomToken, tokenHash } from './secrets.ts';

/** Links to one call for people without an account. The database has their hashes only. */
export class ShareLinks {
  readonly #clock: Clock;
  readonly #add: StatementSync;
  readonly #find: StatementSync;
  readonly #revoke: StatementSync;
  readonly #expire: StatementSync;

  constructor(database: DatabaseSync, clock: Clock) {
    this.#clock = clock;
    this.#add = database.prepare(
      'INSERT INTO share_links (token_hash, call_id, made_by, expires_wall_ms) VALUES (?, ?, ?, ?)',
    );
    this.#find = database.prepare('SELECT * FROM share_links WHERE token_hash = ? AND expires_wall_ms > ?');
    this.#revoke = database.prepare('DELETE FROM share_links WHERE call_id = ?');
    this.#expire = database.prepare('DELETE FROM share_links WHERE expires_wall_ms <= ?');
  }

  /** @returns the token, which nobody can be told again. */
  make({ callId, madeBy, expiresAtWallMs }: ShareLink): string {
    const token = randomToken();
    this.#add.run(tokenHash(token), callId, madeBy, Math.round(expiresAtWallMs));
    return token;
  }

  find(token: string): ShareLink | null {
    const row = this.#find.get(tokenHash(token), Math.round(this.#clock.wallMs()));
    if (row === undefined) return null;
    return {
      callId: String(row['call_id']),
      madeBy: String(row['made_by']),
      expiresAtWallMs: Number(row['expires_wall_ms']),
    };
  }

  /** Ends every link to the call. */
  revoke(callId: string): void {
    this.#revoke.run(callId);
  }

  expire(): void {
    this.#expire.run(Math.round(this.#clock.wallMs()));
  }
}
