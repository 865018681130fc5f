import { MODEL_SAMPLE_RATE_HZ } from '../contract.ts';

const STEP_MS = 20;
const STEP = (STEP_MS * MODEL_SAMPLE_RATE_HZ) / 1_000;
const STRIDE = 4;
/** Delays that are looked for: 0 to 600 ms. */
const LAGS = 31;
/** What was heard 20 s ago counts a third. */
const MEMORY = 1 - STEP_MS / 20_000;
/** So closely must the loudness heard follow the loudness sent; less may be chance. */
const MIN_CORRELATION = 0.7;
/** 10 s of both. */
const FIRST_STEPS = 500;
/** -50 dBFS: before we said something, nothing is known. */
const MIN_SENT_POWER = 1e-5;
/** Sent steps that wait for what was heard in the same time. */
const MAX_WAITING = 10;

export interface EchoFigures {
  /** How much weaker our voice comes back, dB; null: no echo is told from what the guest says. */
  readonly returnLossDb: number | null;
  /** From sending to hearing, ms, in steps of 20; null as above. */
  readonly delayMs: number | null;
  /** What the canceller took out of what it heard in the last 20 s or so, dB; null without one. */
  readonly enhancementDb: number | null;
}

/**
 * Tells our own voice in what is heard by the loudness of both, in steps of 20 ms: the regression of power heard on power sent at each
 * delay. The guest's voice does not follow ours, so it only blurs the picture.
 */
export class EchoMeter {
  /** Power of what was sent, the newest first. */
  readonly #sent = new Float64Array(LAGS);
  readonly #products = new Float64Array(LAGS);
  readonly #waiting: number[] = [];
  #sumSent = 0;
  #sumSentSquares = 0;
  #sumHeard = 0;
  #sumHeardSquares = 0;
  #weight = 0;
  #steps = 0;
  #partPower = 0;
  #partLength = 0;
  #captured = 0;
  #cleaned = 0;

  /** What is sent now, 24 kHz. */
  sent(samples: Float32Array): void {
    for (let at = 0; at < samples.length; ) {
      const length = Math.min(STEP - this.#partLength, samples.length - at);
      this.#partPower += powerOf(samples, at, length) * length;
      this.#partLength += length;
      at += length;
      if (this.#partLength < STEP) break;
      this.#waiting.push(this.#partPower / STEP);
      this.#partPower = 0;
      this.#partLength = 0;
    }
    if (this.#waiting.length > MAX_WAITING) this.#waiting.splice(0, this.#waiting.length - MAX_WAITING);
  }

  /** What was heard, 24 kHz, a multiple of 20 ms, and what the canceller made of it, if there is one. */
  heard(samples: Float32Array, clean: Float32Array | null): void {
    for (let at = 0; at + STEP <= samples.length; at += STEP) this.#step(powerOf(samples, at, STEP));
    if (clean === null) return;
    const memory = MEMORY ** (samples.length / STEP);
    this.#captured = this.#captured * memory + powerOf(samples, 0, samples.length);
    this.#cleaned = this.#cleaned * memory + powerOf(clean, 0, clean.length);
  }

  get figures(): EchoFigures {
    const enhancementDb = this.#cleaned > 0 ? 10 * Math.log10(this.#captured / this.#cleaned) : null;
    const none = { returnLossDb: null, delayMs: null, enhancementDb };
    if (this.#steps < FIRST_STEPS || this.#sumSent < MIN_SENT_POWER * this.#weight) return none;
    let best = 0;
    for (let lag = 1; lag < LAGS; lag++) if (this.#covariance(lag) > this.#covariance(best)) best = lag;
    const sentVariance = this.#sumSentSquares / this.#weight - (this.#sumSent / this.#weight) ** 2;
    const heardVariance = this.#sumHeardSquares / this.#weight - (this.#sumHeard / this.#weight) ** 2;
    const covariance = this.#covariance(best);
    const correlation = covariance / Math.sqrt(sentVariance * heardVariance);
    if (!(correlation >= MIN_CORRELATION)) return none;
    return { returnLossDb: -10 * Math.log10(covariance / sentVariance), delayMs: best * STEP_MS, enhancementDb };
  }

  #step(heardPower: number): void {
    this.#sent.copyWithin(1, 0);
    const sentPower = this.#waiting.shift() ?? 0;
    this.#sent[0] = sentPower;
    this.#steps++;
    this.#weight = this.#weight * MEMORY + 1;
    this.#sumSent = this.#sumSent * MEMORY + sentPower;
    this.#sumSentSquares = this.#sumSentSquares * MEMORY + sentPower ** 2;
    this.#sumHeard = this.#sumHeard * MEMORY + heardPower;
    this.#sumHeardSquares = this.#sumHeardSquares * MEMORY + heardPower ** 2;
    for (let lag = 0; lag < LAGS; lag++) {
      this.#products[lag] = (this.#products[lag] ?? 0) * MEMORY + (this.#sent[lag] ?? 0) * heardPower;
    }
  }

  /** The means of 20 s are those of every delay, near enough. */
  #covariance(lag: number): number {
    return (this.#products[lag] ?? 0) / this.#weight - (this.#sumSent * this.#sumHeard) / this.#weight ** 2;
  }
}

/** Mean square, of every fourth sample: voices lie below 3 kHz. */
function powerOf(samples: Float32Array, from: number, length: number): number {
  let sum = 0;
  for (let i = from; i < from + length; i += STRIDE) sum += (samples[i] ?? 0) ** 2;
  return (sum * STRIDE) / length;
}
