import { EchoCanceller } from './echo/echo-canceller.ts';
import { type EchoFigures, EchoMeter } from './echo/echo-meter.ts';
import type { ResamplerFactory } from './resample/resampler.ts';
import type { SoundPolicy } from './sound-policy.ts';
import { ToneDigits } from './tones/tone-digits.ts';

/** 24 kHz. */
const SAMPLE_RATE_HZ = 24_000;

/** What was heard, on its way from the jitter buffer to the partner: without our echo, without keys, both of which are told. */
export class HeardSound {
  readonly #meter = new EchoMeter();
  readonly #canceller: EchoCanceller | null;
  readonly #tones: ToneDigits | null;
  readonly #onDigit: (digit: string) => void;

  /** `policy.echo` other than `off` needs `loadEchoCanceller` before. */
  constructor(policy: SoundPolicy, resamplers: ResamplerFactory, onDigit: (digit: string) => void) {
    this.#canceller = policy.echo === 'off' ? null : new EchoCanceller(resamplers);
    this.#tones = policy.inBandDtmf ? new ToneDigits(SAMPLE_RATE_HZ) : null;
    this.#onDigit = onDigit;
  }

  get echo(): EchoFigures {
    return this.#meter.figures;
  }

  /** A frame of the caller's at 24 kHz. Returns what the partner and the recording get; it may be the same array. */
  take(frame: Float32Array): Float32Array {
    const clean = this.#canceller?.clean(frame) ?? null;
    this.#meter.heard(frame, clean);
    const heard = clean ?? frame;
    if (this.#tones === null) return heard;
    for (const digit of this.#tones.hear(heard)) this.#onDigit(digit);
    return this.#tones.isSounding ? heard.fill(0) : heard;
  }

  /** What is sent in these moments, 24 kHz. */
  sent(samples: Float32Array): void {
    this.#meter.sent(samples);
    this.#canceller?.sent(samples);
  }

  close(): void {
    this.#canceller?.close();
  }
}
