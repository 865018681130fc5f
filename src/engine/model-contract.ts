/**
 * The model itself, inside the engine process: a checkpoint loaded into N lanes. personaplex.md is its specification.
 * Everything here is single-threaded: one `step` at a time; its runs do not block the event loop.
 */

/** What a persona's prompt phases need (personaplex.md section 5), already in tokens. */
export interface PersonaPrompt {
  /** `<system> ... <system>` as text tokens, one a step. */
  readonly textTokens: readonly number[];
  readonly voice: VoicePrompt;
}

export type VoicePrompt =
  /** Mimi codes of the voice sample: frames of 8. */
  | { readonly kind: 'codes'; readonly frames: readonly (readonly number[])[] }
  /** A mono sample at 24 kHz, normalised already (-24 LUFS): encoded through a fresh Mimi encoder. */
  | { readonly kind: 'samples'; readonly samples: Float32Array }
  /** A published `.pt`: temporal inputs [n][dim] row-major, and the token ring [17][columns] that replaces ours afterwards. */
  | {
      readonly kind: 'embeddings';
      readonly embeddings: Float32Array;
      readonly count: number;
      readonly cache: readonly (readonly number[])[];
    };

/** The state of a lane after a persona's prompt, ready to be copied into lanes. */
export interface PersonaImage {
  /** Steps that the prompt took. */
  readonly promptSteps: number;
}

export interface LaneFrame {
  readonly lane: number;
  /** 1920 samples at 24 kHz. */
  readonly samples: Float32Array;
}

export interface LaneResult {
  readonly lane: number;
  /** null for a step that returns nothing (the first ones of a call without a prompt). */
  readonly tokens: { readonly text: number; readonly agent: Int32Array } | null;
  /** 1920 samples; zeros when `tokens` is null. */
  readonly samples: Float32Array;
}

export interface ModelSummary {
  readonly parameters: number;
  readonly runtimeVersion: string;
  readonly textLeadFrames: number;
  readonly textPaddingIds: readonly number[];
}

export interface SpeechModel {
  readonly summary: ModelSummary;
  readonly lanes: number;
  /** Runs the prompt phases once. */
  preparePersona(prompt: PersonaPrompt): Promise<PersonaImage>;
  /** Makes the lane a fresh copy of the image; `seed` drives sampling. A reused lane equals a fresh one bit for bit. */
  resetLane(lane: number, image: PersonaImage, seed: number): void;
  /** One frame for each lane given (any subset, each lane at most once); other lanes are untouched. */
  step(frames: readonly LaneFrame[]): Promise<readonly LaneResult[]>;
  close(): void;
}
