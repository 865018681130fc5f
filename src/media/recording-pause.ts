import type { Clock, Timer } from '../runtime/clock.ts';
import type { RecordingLine } from './recording-line.ts';

/** Stops a call's recording while card numbers are given: by request, or from a key of the guest's until some time after the last. */
export class RecordingPause {
  readonly #line: RecordingLine;
  readonly #clock: Clock;
  readonly #afterKeyMs: number | null;
  readonly #onChange: (isPaused: boolean) => void;
  #isRequested = false;
  #isPaused = false;
  #timer: Timer | null = null;

  /** `afterKeyMs` null: keys change nothing. */
  constructor(line: RecordingLine, clock: Clock, afterKeyMs: number | null, onChange: (isPaused: boolean) => void) {
    this.#line = line;
    this.#clock = clock;
    this.#afterKeyMs = afterKeyMs;
    this.#onChange = onChange;
  }

  request(isPaused: boolean): void {
    this.#isRequested = isPaused;
    this.#apply();
  }

  key(): void {
    if (this.#afterKeyMs === null) return;
    this.#timer?.cancel();
    this.#timer = this.#clock.after(this.#afterKeyMs, () => {
      this.#timer = null;
      this.#apply();
    });
    this.#apply();
  }

  close(): void {
    this.#timer?.cancel();
    this.#timer = null;
  }

  #apply(): void {
    const isPaused = this.#isRequested || this.#timer !== null;
    if (isPaused === this.#isPaused) return;
    this.#isPaused = isPaused;
    this.#line.pause(isPaused);
    this.#onChange(isPaused);
  }
}
