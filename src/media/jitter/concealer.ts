import { NoiseFloor, NoiseSource } from './noise.ts';

// Times in samples at 8 kHz.
const MIN_PERIOD = 40;
const MAX_PERIOD = 120;
const WINDOW = 160;
const HISTORY = 400;
const TEN_MS = 80;
/** After 10 ms the repeated sound fades by 20 % each 10 ms: silence at 60 ms. */
const FADE_START = TEN_MS;
const FADE_END = 6 * TEN_MS;
const STEP_DECAY = 16;
const MIN_CROSSFADE = 32;
const MAX_CROSSFADE = 80;

/**
 * Fills what was lost, without look-ahead: the last pitch periods are repeated (one for 10 ms, then two, then three, as long repeats of
 * one period buzz), fade out over 60 ms and give way to the caller's background noise. Where sounds meet, the step is subtracted and
 * decays over 2 ms, so that nothing has to be held back for an overlap.
 */
export class Concealer {
  readonly #history = new Float32Array(HISTORY);
  readonly #frozen = new Float32Array(HISTORY);
  readonly #noise = new NoiseSource();
  readonly #floor = new NoiseFloor();
  /** Samples concealed since the sound broke off; 0 while it is there. */
  #lost = 0;
  #period = MIN_PERIOD;
  #repeat = 0;
  #step = 0;
  #stepLeft = 0;
  /** RMS that the peer asked for by RFC 3389; null: the floor that we heard. */
  comfortRms: number | null = null;

  /** `out[from, to)` holds sound that came: blends it with the end of a concealment and learns from it. */
  audio(out: Float32Array, from: number, to: number): void {
    if (this.#lost > 0) {
      const length = Math.min(to - from, MAX_CROSSFADE, Math.max(MIN_CROSSFADE, this.#lost >> 2));
      for (let i = 0; i < length; i++) {
        const share = (i + 1) / (length + 1);
        out[from + i] = (out[from + i] ?? 0) * share + this.#nextConcealed() * (1 - share);
      }
      this.#lost = 0;
    }
    this.#floor.learn(out, from, to);
    this.#remember(out, from, to);
  }

  /** Fills `out[from, to)`; returns how many of these samples still carry the caller's voice. */
  conceal(out: Float32Array, from: number, to: number): number {
    if (this.#lost === 0) this.#startConcealing();
    const voiced = Math.max(0, Math.min(to - from, FADE_END - this.#lost));
    for (let i = from; i < to; i++) out[i] = this.#nextConcealed();
    this.#remember(out, from, to);
    return voiced;
  }

  /** Fills `out[from, to)` with comfort noise: the sender is silent on purpose. */
  comfort(out: Float32Array, from: number, to: number): void {
    const last = this.#history[HISTORY - 1] ?? 0;
    const rms = this.#comfortLevel;
    for (let i = from; i < to; i++) {
      const decay = Math.max(0, 1 - (i - from + 1) / STEP_DECAY);
      out[i] = this.#noise.next(rms) + last * decay;
    }
    // What follows is blended in as after a loss, from noise alone.
    this.#frozen.fill(0);
    this.#lost = FADE_END;
    this.#remember(out, from, to);
  }

  get #comfortLevel(): number {
    return this.comfortRms ?? this.#floor.rms;
  }

  #startConcealing(): void {
    this.#frozen.set(this.#history);
    this.#period = findPeriod(this.#frozen);
    this.#repeat = 0;
    this.#startRepeat(1, this.#frozen[HISTORY - 1] ?? 0);
  }

  /** Goes over to repeating `periods` periods; `last` is the sound before it. */
  #startRepeat(periods: number, last: number): void {
    this.#repeat = periods;
    const before = HISTORY - 1 - periods * this.#period + (this.#lost % (periods * this.#period));
    this.#step = last - (this.#frozen[before] ?? 0);
    this.#stepLeft = STEP_DECAY;
  }

  #nextConcealed(): number {
    const lost = this.#lost;
    const gain = lost < FADE_START ? 1 : Math.max(0, (FADE_END - lost) / (FADE_END - FADE_START));
    const noise = gain < 1 ? this.#noise.next(this.#comfortLevel) * (1 - gain) : 0;
    if (gain === 0) return noise;
    const periods = Math.min(3, 1 + Math.floor(lost / TEN_MS));
    if (periods !== this.#repeat) this.#startRepeat(periods, this.#unfaded);
    const length = periods * this.#period;
    const value = this.#frozen[HISTORY - length + (lost % length)] ?? 0;
    this.#unfaded = value + (this.#step * this.#stepLeft) / STEP_DECAY;
    if (this.#stepLeft > 0) this.#stepLeft--;
    this.#lost++;
    return this.#unfaded * gain + noise;
  }

  #unfaded = 0;

  #remember(out: Float32Array, from: number, to: number): void {
    const count = Math.min(HISTORY, to - from);
    this.#history.copyWithin(0, count);
    this.#history.set(out.subarray(to - count, to), HISTORY - count);
  }
}

/** Lag of the best normalised correlation over the last 20 ms: every second lag and sample first, then refined around it. */
function findPeriod(history: Float32Array): number {
  let best = MIN_PERIOD;
  let bestScore = Number.NEGATIVE_INFINITY;
  const tryLags = (first: number, last: number, lagStep: number, sampleStep: number) => {
    for (let lag = first; lag <= last; lag += lagStep) {
      const score = correlation(history, lag, sampleStep);
      if (score > bestScore) {
        bestScore = score;
        best = lag;
      }
    }
  };
  tryLags(MIN_PERIOD, MAX_PERIOD, 2, 2);
  const coarse = best;
  bestScore = Number.NEGATIVE_INFINITY;
  tryLags(Math.max(MIN_PERIOD, coarse - 1), Math.min(MAX_PERIOD, coarse + 1), 1, 1);
  return best;
}

function correlation(history: Float32Array, lag: number, sampleStep: number): number {
  let product = 0;
  let energy = 1e-9;
  for (let i = HISTORY - WINDOW; i < HISTORY; i += sampleStep) {
    const lagged = history[i - lag] ?? 0;
    product += (history[i] ?? 0) * lagged;
    energy += lagged * lagged;
  }
  return product / Math.sqrt(energy);
}
