/** Nothing is said below -50 dBFS; the filler of an empty queue has -70. */
const SILENT_RMS = 10 ** (-50 / 20);
/** Pauses between words are sound. */
const HANGOVER_MS = 200;
/** One comfort noise packet in so long keeps what is in between open: NAT, and an intercom that watches its line. */
const REFRESH_MS = 200;

/** What goes out in place of a packet: its sound, comfort noise of so many dB below overload (RFC 3389 section 3), or nothing. */
export type SilenceChoice = 'sound' | 'nothing' | number;

/** Decides packet by packet whether there is something to hear. */
export class SilenceGate {
  #silentMs = 0;
  #sinceNoiseMs = Number.POSITIVE_INFINITY;

  /** `said`: the packet's sound, `ptimeMs` long. */
  next(said: Float32Array, ptimeMs: number): SilenceChoice {
    let sum = 0;
    for (const sample of said) sum += sample * sample;
    const rms = Math.sqrt(sum / said.length);
    this.#silentMs = rms < SILENT_RMS ? this.#silentMs + ptimeMs : 0;
    if (this.#silentMs <= HANGOVER_MS) {
      this.#sinceNoiseMs = Number.POSITIVE_INFINITY;
      return 'sound';
    }
    this.#sinceNoiseMs += ptimeMs;
    if (this.#sinceNoiseMs < REFRESH_MS) return 'nothing';
    this.#sinceNoiseMs = 0;
    return Math.max(0, Math.min(127, Math.round(-20 * Math.log10(Math.max(rms, 1e-7)))));
  }
}
