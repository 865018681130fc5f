import type { Clock, Timer } from '../../runtime/clock.ts';
import { T1_MS, TRANSACTION_TIMEOUT_MS } from '../transaction/timers.ts';

/**
 * The reliable provisional responses of one INVITE that came in (RFC 3262 section 3): one at a time, sent again at T1, 2*T1, ...
 * until its PRACK.
 */
export class ReliableProvisionals {
  readonly #clock: Clock;
  readonly #giveUp: () => void;
  readonly #waiting: ((sequence: number) => () => void)[] = [];
  #sequence: number;
  #isOpen = false;
  #timer: Timer | null = null;

  /** `first` is the RSeq of the first one; `giveUp` is called when no PRACK came within 64*T1. */
  constructor(clock: Clock, first: number, giveUp: () => void) {
    this.#clock = clock;
    this.#sequence = first - 1;
    this.#giveUp = giveUp;
  }

  /** `send` sends the response with this RSeq and returns how to send it again. It waits while an earlier one is open. */
  add(send: (sequence: number) => () => void): void {
    this.#waiting.push(send);
    this.#next();
  }

  /** Takes a PRACK's RAck; false when it is for no response that is open (section 3: 481). */
  acknowledge(rack: string, inviteSequence: number): boolean {
    if (!this.#isOpen || rack !== `${this.#sequence} ${inviteSequence} INVITE`) return false;
    this.#isOpen = false;
    this.#timer?.cancel();
    this.#next();
    return true;
  }

  stop(): void {
    this.#timer?.cancel();
    this.#waiting.length = 0;
  }

  #next(): void {
    if (this.#isOpen) return;
    const send = this.#waiting.shift();
    if (send === undefined) return;
    this.#isOpen = true;
    this.#sequence++;
    const again = send(this.#sequence);
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
