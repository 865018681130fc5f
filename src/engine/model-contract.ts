/**
 * The model itself, inside the engine process: a checkpoint loaded into N lanes. personaplex.md is its specification.
 * Everything here is single-threaded: one `step` at a time; its runs do not block the event loop.
 */
import type { DeviceName } from './ort/open-device.ts';

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
  /** Memory that it takes, on whichever device. */
  readonly byteLength: number;
}

export interface LaneFrame {
  readonly lane: number;
  /** 1920 samples at 24 kHz. */
  readonly samples: Float32Array;
  /** Where the lane's 1920 samples of the answer may be put; it may be `samples` itself. Default: new ones. */
  readonly answer?: Float32Array;
  /** Text token put into the agent's mouth in this frame instead of a sampled one. */
  readonly givenText?: number;
}

export interface LaneResult {
  readonly lane: number;
  /** null for a step that returns nothing (the first ones of a call without a prompt). */
  readonly tokens: { readonly text: number; readonly agent: Int32Array } | null;
  /** What the codec made of the user's samples: what a replay needs of them. */
  readonly userCodes: ArrayLike<number>;
  /** 1920 samples; zeros when `tokens` is null. */
  readonly samples: Float32Array;
}

export interface ModelSummary {
  readonly parameters: number;
  readonly runtimeVersion: string;
  /** The device that was taken; for `auto` with the reason. */
  readonly device: string;
  readonly textLeadFrames: number;
  /** Frames that a word sounds, for each of its letters. */
  readonly textFramesPerCharacter: number;
  /** Text ids are 0 to textCard - 1. */
  readonly textCard: number;
  /** Codes of each speaker in a frame. */
  readonly codebooks: number;
  /** Tells this checkpoint from others. */
  readonly fingerprint: string;
  /** Text ids that print nothing. */
  readonly textPaddingIds: readonly number[];
  /** The sentencepiece model's file, absolute; it need not exist. */
  readonly tokenizerFile: string;
  /** The checkpoint's own prompt parts, for personas that name none; null where config.json gives none. */
  readonly ownPrompt: {
    readonly textTokens: readonly number[] | null;
    readonly voice: VoicePrompt | null;
  };
}

/** What a model is computed in and what a lane's cache holds. Everything but float32 needs a GPU. */
export interface ModelNumbers {
  /** Of the language model. Default: bfloat16 on a GPU, float32 on the CPU. */
  readonly type?: 'float32' | 'float16' | 'bfloat16';
  /** Of the codec; its quantizer is always in float32. Default: TF32 on a GPU, float32 on the CPU. */
  readonly codec?: 'float32' | 'tf32' | 'float16';
  /** Positions that a lane's cache holds before it forgets; default and most: the checkpoint's context. */
  readonly positions?: number;
  /** What a full cache forgets: the oldest position, or never the persona's. Default: `ring`. */
  readonly cachePolicy?: 'ring' | 'pin-persona';
}

export interface ModelOptions extends ModelNumbers {
  /** Conversations at once; memory for all is taken at load. */
  readonly lanes: number;
  readonly device: DeviceName;
  /** Threads inside one operator. */
  readonly threads: number;
  /** 'checkpoint' (default): temperatures and top-k of config.json, else the published ones. 'greedy': always the likeliest. */
  readonly sampling?: 'checkpoint' | 'greedy';
}

/** `loadModel` of src/engine/load-model.ts. Throws MODEL_... errors that name file and tensor, ORT_... of the library. */
export type LoadModel = (directory: string, options: ModelOptions) => Promise<SpeechModel>;

export interface SpeechModel {
  readonly summary: ModelSummary;
  readonly lanes: number;
  /** Runs the prompt phases once, between steps: lanes are not touched. */
  preparePersona(prompt: PersonaPrompt): Promise<PersonaImage>;
  /** Gives back the memory of an image that no lane will be made from any more, where that is not the garbage collector's. */
  releasePersona?(image: PersonaImage): void;
  /**
   * Makes the lane a fresh copy of the image; `seed` (any safe integer) drives sampling. A reused lane equals a fresh one bit
   * for bit. Other lanes may be in a step meanwhile; this one must not (LANE_BUSY).
   */
  resetLane(lane: number, image: PersonaImage, seed: number): void;
  /**
   * One frame for each lane given (any subset, each lane at most once); other lanes are untouched. Calls are queued: a step
   * starts when the one before has ended. Results are in the order of `frames`.
   */
  step(frames: readonly LaneFrame[]): Promise<readonly LaneResult[]>;
  /** Of the card, whoever uses it; null on the CPU, where it is the process's own. */
  deviceMemory?(): DeviceMemoryUse | null;
  close(): void;
}

export interface DeviceMemoryUse {
  readonly usedBytes: number;
  readonly totalBytes: number;
}
