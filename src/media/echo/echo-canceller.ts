import type { Aec3, Aec3Module } from '@ennuicastr/webrtcaec3.js';
import { MODEL_SAMPLE_RATE_HZ } from '../contract.ts';
import type { Resampler, ResamplerFactory } from '../resample/resampler.ts';
import { ReferenceLine } from './reference-line.ts';

/** AEC3's 16 kHz does for voices, at two thirds of the cost of 48. */
const SAMPLE_RATE_HZ = 16_000;
/** AEC3 takes 10 ms at a time. */
const BLOCK = SAMPLE_RATE_HZ / 100;
const MAX_FRAME_MS = 80;

let loaded: Aec3Module | null = null;

/** Loads AEC3 for this thread, once. Rejects when the package cannot be loaded. */
export async function loadEchoCanceller(): Promise<void> {
  if (loaded !== null) return;
  const { default: load } = await import('@ennuicastr/webrtcaec3.js');
  loaded = await load();
}

/**
 * Takes our own voice out of what comes back from a post, with AEC3: delays up to some 400 ms are found by itself. What is heard is
 * limited to 7 kHz and 10 ms later. Call `loadEchoCanceller` before.
 */
export class EchoCanceller {
  readonly #aec: Aec3;
  readonly #sent = new ReferenceLine(SAMPLE_RATE_HZ);
  readonly #downSent: Resampler;
  readonly #downHeard: Resampler;
  readonly #up: Resampler;
  readonly #render = new Float32Array(BLOCK);
  readonly #clean = new Float32Array((MAX_FRAME_MS * SAMPLE_RATE_HZ) / 1_000);

  constructor(resamplers: ResamplerFactory) {
    if (loaded === null) throw new Error('loadEchoCanceller was not awaited');
    this.#aec = new loaded.AEC3(SAMPLE_RATE_HZ, 1, 1);
    this.#downSent = resamplers.down(SAMPLE_RATE_HZ);
    this.#downHeard = resamplers.down(SAMPLE_RATE_HZ);
    this.#up = resamplers.up(SAMPLE_RATE_HZ);
  }

  /** What is sent now, 24 kHz, a multiple of 10 ms. */
  sent(samples: Float32Array): void {
    this.#sent.put(this.#downSent.lend(samples));
  }

  /** What was heard, 24 kHz, a multiple of 10 ms and at most 80: returns it without the echo. */
  clean(heard: Float32Array): Float32Array {
    const captured = this.#downHeard.lend(heard);
    for (let at = 0; at < captured.length; at += BLOCK) {
      this.#sent.take(this.#render);
      this.#aec.analyze([this.#render]);
      this.#aec.process([this.#clean.subarray(at, at + BLOCK)], [captured.subarray(at, at + BLOCK)]);
    }
    return this.#up.process(this.#clean.subarray(0, (heard.length * SAMPLE_RATE_HZ) / MODEL_SAMPLE_RATE_HZ));
  }

  close(): void {
    this.#aec.free();
  }
}
