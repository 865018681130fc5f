const BUCKET_MS = 8_000;
const QUANTILE = 0.992;
const MARGIN_MS = 4;
const FIRST_FRAMES = 8;
const FIRST_DEADLINE_MS = 40;
const MIN_DEADLINE_MS = 10;
const MAX_DEADLINE_MS = 160;
/** 60 s of frames of 80 ms. */
const MEMORY_FRAMES = 750;
const BINS = 256;

/**
 * When the sound of the fastest packets arrives: the minimum of (arrival - media time) over two buckets of 8 s, so that it follows
 * the drift of the peer's crystal and a change of route.
 */
export class Baseline {
  #currentMs = Number.POSITIVE_INFINITY;
  #previousMs = Number.POSITIVE_INFINITY;
  #bucketStartMs = 0;
  /** Minimum of arrival less media time; Infinity before the first packet. */
  offsetMs = Number.POSITIVE_INFINITY;

  reset(offsetMs: number, nowMs: number): void {
    this.#previousMs = Number.POSITIVE_INFINITY;
    this.#currentMs = offsetMs;
    this.#bucketStartMs = nowMs;
    this.offsetMs = offsetMs;
  }

  learn(offsetMs: number, nowMs: number): void {
    if (nowMs - this.#bucketStartMs >= BUCKET_MS) {
      const skipped = nowMs - this.#bucketStartMs >= 2 * BUCKET_MS;
      this.#previousMs = skipped ? Number.POSITIVE_INFINITY : this.#currentMs;
      this.#currentMs = Number.POSITIVE_INFINITY;
      this.#bucketStartMs = nowMs;
    }
    this.#currentMs = Math.min(this.#currentMs, offsetMs);
    this.offsetMs = Math.min(this.#currentMs, this.#previousMs);
  }
}

/** How long after its ideal end a frame is waited for: the 99.2 % quantile of the last minute's lateness, and 4 ms. */
export class Deadline {
  readonly #bins = new Uint16Array(BINS);
  readonly #memory = new Uint8Array(MEMORY_FRAMES);
  #count = 0;
  #next = 0;
  #frames = 0;
  #waitMs = FIRST_DEADLINE_MS;

  get waitMs(): number {
    return this.#waitMs;
  }

  /** A frame was released, its last packet this late. */
  learnFrame(latenessMs: number): void {
    this.#frames++;
    this.#add(latenessMs);
  }

  /** A packet came after its frame had gone: it counts as well, so that the wait grows after trouble. */
  learnLatePacket(latenessMs: number): void {
    this.#add(latenessMs);
  }

  #add(latenessMs: number): void {
    const bin = Math.max(0, Math.min(BINS - 1, Math.ceil(latenessMs)));
    if (this.#count === MEMORY_FRAMES) {
      const oldest = this.#memory[this.#next] ?? 0;
      this.#bins[oldest] = (this.#bins[oldest] ?? 0) - 1;
    } else {
      this.#count++;
    }
    this.#memory[this.#next] = bin;
    this.#bins[bin] = (this.#bins[bin] ?? 0) + 1;
    this.#next = (this.#next + 1) % MEMORY_FRAMES;
    if (this.#frames < FIRST_FRAMES) return;
    this.#waitMs = Math.max(MIN_DEADLINE_MS, Math.min(MAX_DEADLINE_MS, this.#quantile() + MARGIN_MS));
  }

  #quantile(): number {
    let above = 0;
    const allowed = this.#count * (1 - QUANTILE);
    for (let bin = BINS - 1; bin > 0; bin--) {
      above += this.#bins[bin] ?? 0;
      if (above > allowed) return bin;
    }
    return 0;
  }
}
