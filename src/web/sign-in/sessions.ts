import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../../runtime/clock.ts';

export interface Session {
  readonly id: string;
  /** Stands in every form; a POST without it is refused. */
  readonly csrfToken: string;
  readonly expiresAtMs: number;
}

/** A shift; after it one signs in again. */
const LIFETIME_MS = 12 * 3_600_000;
const MAX_SESSIONS = 200;

/** Who is signed in. In memory: a restart signs everybody out. */
export class Sessions {
  readonly #clock: Clock;
  readonly #sessions = new Map<string, Session>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  open(): Session {
    for (const session of this.#sessions.values()) {
      if (!this.isOpen(session) || this.#sessions.size >= MAX_SESSIONS) this.#sessions.delete(session.id);
    }
    const session = { id: randomToken(), csrfToken: randomToken(), expiresAtMs: this.#clock.nowMs() + LIFETIME_MS };
    this.#sessions.set(session.id, session);
    return session;
  }

  find(id: string): Session | null {
    const session = this.#sessions.get(id);
    return session !== undefined && this.isOpen(session) ? session : null;
  }

  isOpen(session: Session): boolean {
    return this.#sessions.get(session.id) === session && this.#clock.nowMs() < session.expiresAtMs;
  }

  close(session: Session): void {
    this.#sessions.delete(session.id);
  }
}

/** 256 random bits that may stand in a URL. */
export function randomToken(): string {
  return randomBytes(32).toString('base64url');
}

/** Compares secrets without telling by its time how much of them is right. */
export function isSameSecret(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
