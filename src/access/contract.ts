import type { Permission, Role } from './permissions.ts';

/** An account as pages show it. */
export interface Person {
  readonly name: string;
  readonly role: Role;
  readonly createdWallMs: number;
  readonly lastSignInWallMs: number | null;
  /** Signs in through the identity provider only: there is no password. */
  readonly isExternal: boolean;
}

export interface Session {
  /** Goes into the cookie; the database has its hash only. */
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  /** Sent with every request that changes something; a page of another site cannot know it. */
  readonly csrfToken: string;
  readonly expiresAtWallMs: number;
  /** The same all along, however often the id is changed: what streams are tied to. */
  readonly family: number;
}

/** A program's key, without the key. */
export interface ApiToken {
  readonly name: string;
  readonly scopes: readonly Permission[];
  readonly createdWallMs: number;
  readonly usedWallMs: number | null;
  readonly expiresAtWallMs: number | null;
}

export interface AuditEntry {
  readonly id: number;
  readonly atWallMs: number;
  readonly name: string;
  /** E.g. `call.listened`, `ticket.corrected`, `sign-in.failed`. */
  readonly action: string;
  /** What it was done to: a call, a ticket, an account; null: nothing in particular. */
  readonly subject: string | null;
  readonly detail: string | null;
  readonly address: string;
}

export type { Permission, Role };
