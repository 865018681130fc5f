import type { LaneHandle } from '../../engine/contract.ts';
import type { Clock, Timer } from '../../runtime/clock.ts';
import { describeError, type ErrorRecord, SpeakerpostError } from '../../runtime/errors.ts';
import type { FramePartner, PartnerFrame } from '../contract.ts';

/** A frame that is not answered within this is not late: the engine hangs. */
const HUNG_AFTER_MS = 1_000;

/** A lane of the model as a session's partner. It fails once: when the lane does, or when an answer is overdue. */
export class LanePartner implements FramePartner {
  readonly #lane: LaneHandle;
  readonly #clock: Clock;
  readonly #onFailed: (error: ErrorRecord) => void;
  readonly #unansweredSinceMs: number[] = [];
  #watch: Timer | null = null;
  #ended = false;

  constructor(lane: LaneHandle, clock: Clock, onFailed: (error: ErrorRecord) => void) {
    this.#lane = lane;
    this.#clock = clock;
    this.#onFailed = onFailed;
    lane.onFailed((error) => this.#fail(error));
  }

  push(samples: Float32Array): void {
    if (this.#ended) return;
    this.#unansweredSinceMs.push(this.#clock.nowMs());
    if (this.#watch === null) this.#check();
    this.#lane.push(samples);
  }

  onFrame(listener: (frame: PartnerFrame) => void): void {
    this.#lane.onFrame(({ samples, piece }) => {
      if (this.#ended) return;
      this.#unansweredSinceMs.shift();
      listener({ samples, piece });
    });
  }

  /** Rejects as `LaneHandle.say`. */
  say(text: string): Promise<void> {
    return this.#lane.say(text);
  }

  /** Frees the lane; nothing comes from it any more. */
  close(): void {
    this.#ended = true;
    this.#watch?.cancel();
    this.#lane.close();
  }

  readonly #check = (): void => {
    this.#watch = null;
    const oldestMs = this.#unansweredSinceMs[0];
    if (this.#ended || oldestMs === undefined) return;
    const waitMs = oldestMs + HUNG_AFTER_MS - this.#clock.nowMs();
    if (waitMs > 0) this.#watch = this.#clock.after(waitMs, this.#check);
    else this.#fail(describeError(new SpeakerpostError('LANE_HUNG', { ms: HUNG_AFTER_MS })));
  };

  #fail(error: ErrorRecord): void {
    if (this.#ended) return;
    this.close();
    this.#onFailed(error);
  }
}
