import type { DatabaseSync, StatementSync } from 'node:sqlite';

/** A statement for each text, by the same name. */
export type Statements<Texts extends object> = Readonly<Record<keyof Texts, StatementSync>>;

/** @throws what SQLite says of a text that is no statement of this database */
export function prepareAll<Texts extends Readonly<Record<string, string>>>(
  database: DatabaseSync,
  texts: Texts,
): Statements<Texts> {
  const entries = Object.entries(texts).map(([name, text]) => [name, database.prepare(text)] as const);
  return Object.fromEntries(entries) as Statements<Texts>;
}
