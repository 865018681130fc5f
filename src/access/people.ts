import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import type { Clock } from '../runtime/clock.ts';
import { SpeakerpostError } from '../runtime/errors.ts';
import { prepareAll, type Statements } from '../runtime/statements.ts';
import type { Person } from './contract.ts';
import { hashPassword, PASSWORD_LENGTH, passwordMatches } from './password.ts';
import { type Role, roles } from './permissions.ts';
import type { Sessions } from './sessions.ts';

/** A name that can be said over a counter and stands in logs: letters, digits, `.`, `_`, `@`, `-`. */
const NAME = /^[\p{L}\p{N}][\p{L}\p{N}._@-]{0,63}$/u;

/** Accounts. Whatever takes a right away (new password, smaller role, removal) also signs the person out everywhere. */
export class People {
  readonly #clock: Clock;
  readonly #sessions: Sessions;
  readonly #statements: Statements<typeof sql>;

  constructor(database: DatabaseSync, sessions: Sessions, clock: Clock) {
    this.#clock = clock;
    this.#sessions = sessions;
    this.#statements = prepareAll(database, sql);
  }

  get list(): readonly Person[] {
    return this.#statements.list.all().map(toPerson);
  }

  find(name: string): Person | null {
    const row = this.#statements.find.get(name);
    return row === undefined ? null : toPerson(row);
  }

  /**
   * `password` null: whoever signs in through the identity provider.
   * @throws ACCESS_NAME_UNUSABLE, ACCESS_NAME_TAKEN, ACCESS_PASSWORD_TOO_SHORT
   */
  async add(name: string, role: Role, password: string | null): Promise<Person> {
    if (!NAME.test(name)) throw new SpeakerpostError('ACCESS_NAME_UNUSABLE', { name });
    if (this.find(name) !== null) throw new SpeakerpostError('ACCESS_NAME_TAKEN', { name });
    const hash = password === null ? null : await hashPassword(checked(password));
    const { changes } = this.#statements.add.run(name, role, hash, Math.round(this.#clock.wallMs()));
    if (changes === 0) throw new SpeakerpostError('ACCESS_NAME_TAKEN', { name });
    return this.#existing(name);
  }

  /** @throws ACCESS_NO_SUCH_PERSON, ACCESS_LAST_ADMIN */
  setRole(name: string, role: Role): Person {
    const person = this.#existing(name);
    if (role !== 'admin') this.#keepAnAdmin(person);
    this.#statements.setRole.run(role, name);
    this.#sessions.closeAllOf(name);
    return this.#existing(name);
  }

  /** @throws ACCESS_NO_SUCH_PERSON, ACCESS_PASSWORD_TOO_SHORT */
  async setPassword(name: string, password: string): Promise<void> {
    this.#existing(name);
    this.#statements.setPassword.run(await hashPassword(checked(password)), name);
    this.#sessions.closeAllOf(name);
  }

  /** @throws ACCESS_NO_SUCH_PERSON, ACCESS_LAST_ADMIN */
  remove(name: string): void {
    this.#keepAnAdmin(this.#existing(name));
    this.#statements.remove.run(name);
  }

  /** The person when name and password fit; takes as long when there is no such name. */
  async authenticate(name: string, password: string): Promise<Person | null> {
    const row = this.#statements.find.get(name);
    const stored = row?.['password'];
    const matches = await passwordMatches(password, stored == null ? null : String(stored));
    return matches && row !== undefined ? toPerson(row) : null;
  }

  noteSignIn(name: string): void {
    this.#statements.noteSignIn.run(Math.round(this.#clock.wallMs()), name);
  }

  #existing(name: string): Person {
    const person = this.find(name);
    if (person === null) throw new SpeakerpostError('ACCESS_NO_SUCH_PERSON', { name });
    return person;
  }

  #keepAnAdmin({ name, role }: Person): void {
    const admins = this.list.filter((each) => each.role === 'admin');
    if (role === 'admin' && admins.length === 1) throw new SpeakerpostError('ACCESS_LAST_ADMIN', { name });
  }
}

function checked(password: string): string {
  const { min, max } = PASSWORD_LENGTH;
  if (password.length < min || password.length > max)
    throw new SpeakerpostError('ACCESS_PASSWORD_TOO_SHORT', { min, max });
  return password;
}

function toPerson(row: Record<string, SQLOutputValue>): Person {
  const role = String(row['role']);
  return {
    name: String(row['name']),
    role: roles.find((each) => each === role) ?? 'crew',
    createdWallMs: Number(row['created_wall_ms']),
    lastSignInWallMs: row['last_sign_in_wall_ms'] == null ? null : Number(row['last_sign_in_wall_ms']),
    isExternal: row['password'] == null,
  };
}

const sql = {
  list: 'SELECT * FROM people ORDER BY name',
  find: 'SELECT * FROM people WHERE name = ?',
  add: 'INSERT OR IGNORE INTO people (name, role, password, created_wall_ms) VALUES (?, ?, ?, ?)',
  setRole: 'UPDATE people SET role = ? WHERE name = ?',
  setPassword: 'UPDATE people SET password = ? WHERE name = ?',
  remove: 'DELETE FROM people WHERE name = ?',
  noteSignIn: 'UPDATE people SET last_sign_in_wall_ms = ? WHERE name = ?',
} as const;
