import type { Clock, Timer } from '../../runtime/clock.ts';
import { T1_MS, TRANSACTION_TIMEOUT_MS } from '../transaction/timers.ts';

export interface Provisional {
  readonly hasSdp: boolean;
  /** Sends it with this RSeq; returns how to send it again. */
  send(sequence: number): () => void;
}

/**
 * The reliable provisional responses of one INVITE that came in (RFC 3262 section 3): one at a time, sent again at T1, 2*T1, ...
 * until its PRACK.
 */
export class ReliableProvisionals {
  readonly #clock: Clock;
  readonly #inviteSequence: number;
  readonly #giveUp: () => void;
  readonly #waiting: Provisional[] = [];
  #sequence: number;
  #open: Provisional | null = null;
  #whenTaken: (() => void) | null = null;
  #timer: Timer | null = null;

  /** `first` is the RSeq of the first one; `giveUp` is called when no PRACK came within 64*T1. */
  constructor(clock: Clock, first: number, inviteSequence: number, giveUp: () => void) {
    this.#clock = clock;
    this.#sequence = first - 1;
    this.#inviteSequence = inviteSequence;
    this.#giveUp = giveUp;
  }

  /** It waits while an earlier one is open. */
  add(provisional: Provisional): void {
    this.#waiting.push(provisional);
    this.#next();
  }

  /** One that carried SDP has no PRACK yet: a 2xx must not go out (section 3). */
  get holdsOk(): boolean {
    return this.#open?.hasSdp === true || this.#waiting.some((each) => each.hasSdp);
  }

  /** Called once when every one has its PRACK. */
  whenTaken(task: () => void): void {
    this.#whenTaken = task;
  }

  /** Takes a PRACK's RAck, also after the final answer; false when it is for no response that is open (section 3: 481). */
  acknowledge(rack: string): boolean {
    if (this.#open === null || rack !== `${this.#sequence} ${this.#inviteSequence} INVITE`) return false;
    this.#open = null;
    this.#timer?.cancel();
    this.#next();
    return true;
  }

  /** What waits for the last PRACK may go on: called after the PRACK has been answered. */
  proceed(): void {
    if (this.#open !== null) return;
    const task = this.#whenTaken;
    this.#whenTaken = null;
    task?.();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#waiting.length = 0;
    this.#whenTaken = null;
  }

  #next(): void {
    if (this.#open !== null) return;
    const next = this.#waiting.shift();
    if (next === undefined) return;
    this.#open = next;
    this.#sequence++;
    const again = next.send(this.#sequence);
    const endMs = this.#clock.nowMs() + TRANSACTION_TIMEOUT_MS;
    const wait = (ms: number) => {
      this.#timer = this.#clock.after(ms, () => {
        if (this.#clock.nowMs() >= endMs) {
          this.#giveUp();
          return;
        }
        again();
        wait(Math.min(2 * ms, endMs - this.#clock.nowMs()));
      });
    };
    wait(T1_MS);
  }
}
