import {
  FRAME_MS,
  FRAME_SAMPLES,
  type FramePartner,
  MODEL_SAMPLE_RATE_HZ,
  type PartnerFrame,
} from '../media/contract.ts';
import type { CallScript, ScriptStep } from './call-script.ts';

/** 20 ms: fine enough to date the agent's first sound. */
const BLOCK_SAMPLES = 480;
const BLOCK_MS = (1_000 * BLOCK_SAMPLES) / MODEL_SAMPLE_RATE_HZ;
/** -40 dBFS: above comfort noise and a codec's idle noise, 17 dB under speech. */
const AUDIBLE_RMS = 0.01;

export interface CustomerEvents {
  utterance(event: { readonly index: number; readonly text: string; readonly atMs: number }): void;
  digits(digits: string): void;
  /** The other side began or stopped to be audible; `atMs` is when it did, with blocks of 20 ms. */
  agent(event: { readonly speaking: boolean; readonly atMs: number }): void;
  /** All is said and both sides have been silent long enough. */
  done(): void;
}

/**
 * A customer who follows a script. Time is counted in frames of what is heard, so a script runs the same over a network, in a test or
 * straight against the model.
 */
export class Customer implements FramePartner {
  readonly #script: CallScript;
  readonly #events: CustomerEvents;
  readonly #waiting: ScriptStep[];
  #listener: (frame: PartnerFrame) => void = () => {};
  #frames = 0;
  #saying: { readonly samples: Float32Array; offset: number } | null = null;
  #silentSinceMs = 0;
  #isAgentSpeaking = false;
  #hasAgentSpoken = false;
  #said = 0;
  #isDone = false;

  constructor(script: CallScript, events: CustomerEvents) {
    this.#script = script;
    this.#events = events;
    this.#waiting = [...script.steps];
  }

  /** Utterances begun so far. */
  get utterancesSaid(): number {
    return this.#said;
  }

  /** 80 ms of the other side; answered at once with 80 ms of the customer. */
  push(heard: Float32Array): void {
    this.#listen(heard);
    this.#frames++;
    this.#beginDueSteps();
    this.#listener({ samples: this.#speak(), piece: null });
    this.#finishWhenQuiet();
  }

  onFrame(listener: (frame: PartnerFrame) => void): void {
    this.#listener = listener;
  }

  get #nowMs(): number {
    return this.#frames * FRAME_MS;
  }

  #listen(heard: Float32Array): void {
    for (let at = 0; at < heard.length; at += BLOCK_SAMPLES) {
      const blockMs = this.#nowMs + (at / BLOCK_SAMPLES) * BLOCK_MS;
      const audible = rootMeanSquare(heard.subarray(at, at + BLOCK_SAMPLES)) > AUDIBLE_RMS;
      if (audible) {
        this.#silentSinceMs = blockMs + BLOCK_MS;
        // What is heard while the customer speaks is no answer to it.
        if (this.#saying === null) this.#hasAgentSpoken = true;
      }
      const stillSpeaking = audible || (this.#isAgentSpeaking && blockMs - this.#silentSinceMs < 5 * BLOCK_MS);
      if (stillSpeaking === this.#isAgentSpeaking) continue;
      this.#isAgentSpeaking = stillSpeaking;
      this.#events.agent({ speaking: stillSpeaking, atMs: stillSpeaking ? blockMs : this.#silentSinceMs });
    }
  }

  /** Steps bound to a moment do not wait for those before them. */
  #beginDueSteps(): void {
    const moment = this.#waiting.findIndex(({ start }) => start.kind === 'moment' && start.atMs < this.#nowMs);
    if (moment >= 0) {
      this.#begin(moment);
      return;
    }
    const next = this.#waiting.findIndex(({ start }) => start.kind === 'silence');
    const start = this.#waiting[next]?.start;
    if (start?.kind !== 'silence' || this.#saying !== null) return;
    const isTurn = this.#hasAgentSpoken || !start.awaitsAgent;
    if (isTurn && this.#nowMs - this.#silentSinceMs >= start.afterMs) this.#begin(next);
  }

  #begin(index: number): void {
    const [step] = this.#waiting.splice(index, 1);
    if (step === undefined) return;
    if (step.digits !== '') this.#events.digits(step.digits);
    if (step.samples.length === 0) return;
    this.#saying = { samples: step.samples, offset: 0 };
    this.#events.utterance({ index: this.#said++, text: step.text, atMs: this.#nowMs });
  }

  #speak(): Float32Array {
    const frame = new Float32Array(FRAME_SAMPLES);
    const saying = this.#saying;
    if (saying === null) return frame;
    frame.set(saying.samples.subarray(saying.offset, saying.offset + FRAME_SAMPLES));
    saying.offset += FRAME_SAMPLES;
    if (saying.offset >= saying.samples.length) {
      this.#saying = null;
      this.#hasAgentSpoken = false;
      this.#silentSinceMs = Math.max(this.#silentSinceMs, this.#nowMs + FRAME_MS);
    }
    return frame;
  }

  #finishWhenQuiet(): void {
    if (this.#isDone || this.#waiting.length > 0 || this.#saying !== null) return;
    if (this.#nowMs - this.#silentSinceMs < this.#script.hangUpAfterSilenceMs) return;
    this.#isDone = true;
    this.#events.done();
  }
}

function rootMeanSquare(samples: Float32Array): number {
  let sum = 0;
  for (const sample of samples) sum += sample * sample;
  return Math.sqrt(sum / Math.max(1, samples.length));
}
