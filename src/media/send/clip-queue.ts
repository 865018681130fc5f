interface Clip {
  readonly samples: Float32Array;
  readonly done: () => void;
}

/** Recorded sound that is sent instead of the partner's, one clip after the other. */
export class ClipQueue {
  readonly #clips: Clip[] = [];
  #offset = 0;

  get isPlaying(): boolean {
    return this.#clips.length > 0;
  }

  /** Resolves when the clip's last packet has been taken, or the queue is closed. */
  add(samples: Float32Array): Promise<void> {
    if (samples.length === 0) return Promise.resolve();
    return new Promise((done) => this.#clips.push({ samples, done }));
  }

  /** Fills `out`, with silence behind the last clip's end. */
  take(out: Float32Array): void {
    let filled = 0;
    for (let clip = this.#clips[0]; clip !== undefined && filled < out.length; clip = this.#clips[0]) {
      const part = clip.samples.subarray(this.#offset, this.#offset + out.length - filled);
      out.set(part, filled);
      filled += part.length;
      this.#offset += part.length;
      if (this.#offset < clip.samples.length) break;
      this.#clips.shift();
      this.#offset = 0;
      clip.done();
    }
    out.fill(0, filled);
  }

  /** Ends all clips where they are. */
  stop(): void {
    this.#offset = 0;
    for (const clip of this.#clips.splice(0)) clip.done();
  }

  close(): void {
    this.stop();
  }
}
