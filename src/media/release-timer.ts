import type { Clock, Timer } from '../runtime/clock.ts';
import type { AudioPath } from './audio-path.ts';

/** A timer that fires so late tells of a thread that stood still. */
const BEHIND_MS = 5;

/** Releases the path's frames at the jitter buffer's deadlines; these move as packets come, so it may come too early. */
export class ReleaseTimer {
  readonly #clock: Clock;
  readonly #path: AudioPath;
  #timer: Timer | null = null;
  #dueMs = Number.POSITIVE_INFINITY;
  #gaveWay = false;
  #isStopped = false;

  constructor(clock: Clock, path: AudioPath) {
    this.#clock = clock;
    this.#path = path;
  }

  start(): void {
    this.#release();
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  readonly #release = (): void => {
    if (this.#isStopped) return;
    const isBehind = this.#clock.nowMs() - this.#dueMs > BEHIND_MS;
    if (isBehind && !this.#gaveWay) {
      // The thread stood still. Timers run before sockets are read, and the packets that are missing may lie there.
      this.#gaveWay = true;
      this.#timer = this.#clock.after(1, this.#release);
      return;
    }
    this.#gaveWay = false;
    this.#path.releaseFrames(this.#clock.nowMs());
    const waitMs = Math.max(1, this.#path.jitter.nextDeadlineMs - this.#clock.nowMs());
    this.#dueMs = this.#clock.nowMs() + waitMs;
    this.#timer = this.#clock.after(waitMs, this.#release);
  };
}
