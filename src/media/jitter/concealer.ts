import { NoiseFloor, NoiseSource } from './noise.ts';

// Times at 8 kHz; at other rates all are longer by the same factor.
const BASE_RATE_HZ = 8_000;
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
  readonly #history: Float32Array;
  readonly #frozen: Float32Array;
  readonly #noise = new NoiseSource();
  readonly #floor: NoiseFloor;
  readonly #factor: number;
  readonly #length: number;
  /** Samples concealed since the sound broke off; 0 while it is there. */
  #lost = 0;
  #period = 1;
  #repeat = 0;
  #step = 0;
  #stepLeft = 0;
  /** RMS that the peer asked for by RFC 3389; null: the floor that we heard. */
  comfortRms: number | null = null;

  constructor(sampleRateHz = BASE_RATE_HZ) {
    this.#factor = sampleRateHz / BASE_RATE_HZ;
    this.#length = HISTORY * this.#factor;
    this.#history = new Float32Array(this.#length);
    this.#frozen = new Float32Array(this.#length);
    this.#floor = new NoiseFloor(sampleRateHz);
  }

  /** `out[from, to)` holds sound that came: blends it with the end of a concealment and learns from it. */
  audio(out: Float32Array, from: number, to: number): void {
    if (this.#lost > 0) {
      const length = Math.min(
        to - from,
        MAX_CROSSFADE * this.#factor,
        Math.max(MIN_CROSSFADE * this.#factor, this.#lost >> 2),
      );
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
    const voiced = Math.max(0, Math.min(to - from, FADE_END * this.#factor - this.#lost));
    for (let i = from; i < to; i++) out[i] = this.#nextConcealed();
    this.#remember(out, from, to);
    return voiced;
  }

  /** Fills `out[from, to)` with comfort noise: the sender is silent on purpose. */
  comfort(out: Float32Array, from: number, to: number): void {
    const last = this.#history[this.#length - 1] ?? 0;
    const rms = this.#comfortLevel;
    for (let i = from; i < to; i++) {
      const decay = Math.max(0, 1 - (i - from + 1) / (STEP_DECAY * this.#factor));
      out[i] = this.#noise.next(rms) + last * decay;
    }
    // What follows is blended in as after a loss, from noise alone.
    this.#frozen.fill(0);
    this.#lost = FADE_END * this.#factor;
    this.#remember(out, from, to);
  }

  get #comfortLevel(): number {
    return this.comfortRms ?? this.#floor.rms;
  }

  #startConcealing(): void {
    this.#frozen.set(this.#history);
    this.#period = findPeriod(this.#frozen, this.#factor);
    this.#repeat = 0;
    this.#startRepeat(1, this.#frozen[this.#length - 1] ?? 0);
  }

  /** Goes over to repeating `periods` periods; `last` is the sound before it. */
  #startRepeat(periods: number, last: number): void {
    this.#repeat = periods;
    const before = this.#length - 1 - periods * this.#period + (this.#lost % (periods * this.#period));
    this.#step = last - (this.#frozen[before] ?? 0);
    this.#stepLeft = STEP_DECAY * this.#factor;
  }

  #nextConcealed(): number {
    const lost = this.#lost;
    const gain =
      lost < FADE_START * this.#factor
        ? 1
        : Math.max(0, (FADE_END * this.#factor - lost) / ((FADE_END - FADE_START) * this.#factor));
    const noise = gain < 1 ? this.#noise.next(this.#comfortLevel) * (1 - gain) : 0;
    if (gain === 0) return noise;
    const periods = Math.min(3, 1 + Math.floor(lost / (TEN_MS * this.#factor)));
    if (periods !== this.#repeat) this.#startRepeat(periods, this.#unfaded);
    const length = periods * this.#period;
    const value = this.#frozen[this.#length - length + (lost % length)] ?? 0;
    this.#unfaded = value + (this.#step * this.#stepLeft) / (STEP_DECAY * this.#factor);
    if (this.#stepLeft > 0) this.#stepLeft--;
    this.#lost++;
    return this.#unfaded * gain + noise;
  }

  #unfaded = 0;

  #remember(out: Float32Array, from: number, to: number): void {
    const count = Math.min(this.#length, to - from);
    this.#history.copyWithin(0, count);
    this.#history.set(out.subarray(to - count, to), this.#length - count);
  }
}

/**
 * Lag of the best normalised correlation over the last 20 ms: every second lag and sample of 8 kHz first, then refined around it.
 */
function findPeriod(history: Float32Array, factor: number): number {
  const [shortest, longest] = [MIN_PERIOD * factor, MAX_PERIOD * factor];
  const coarse = bestLag(history, factor, shortest, longest, 2 * factor);
  return bestLag(history, factor, Math.max(shortest, coarse - factor), Math.min(longest, coarse + factor), 1);
}

function bestLag(history: Float32Array, factor: number, first: number, last: number, step: number): number {
  let best = first;
  let bestScore = Number.NEGATIVE_INFINITY;
  for (let lag = first; lag <= last; lag += step) {
    const score = correlation(history, lag, WINDOW * factor, step);
    if (score > bestScore) {
      bestScore = score;
      best = lag;
    }
  }
  return best;
}

function correlation(history: Float32Array, lag: number, window: number, sampleStep: number): number {
  let product = 0;
  let energy = 1e-9;
  for (let i = history.length - window; i < history.length; i += sampleStep) {
    const lagged = history[i - lag] ?? 0;
    product += (history[i] ?? 0) * lagged;
    energy += lagged * lagged;
  }
  return product / Math.sqrt(energy);
}
