/** The dimensions and settings of one checkpoint, resolved: nothing else in the engine knows a number of the model. */
export interface ModelConfiguration {
  readonly lm: LmConfiguration;
  readonly mimi: MimiConfiguration;
  readonly prompt: PromptConfiguration;
  readonly sampling: SamplingRules;
  /** Frames by which a word's text comes before its sound. */
  readonly textLeadFrames: number;
  /** How long a word sounds, for each of its letters: the pace of words that the gateway gives. */
  readonly textFramesPerCharacter: number;
}

export interface LmConfiguration {
  readonly dim: number;
  readonly heads: number;
  readonly layers: number;
  /** Inner width of the gated feed-forward. */
  readonly hidden: number;
  readonly context: number;
  readonly maxPeriod: number;
  /** Ids 0 .. textCard - 1; textCard is the initial token. */
  readonly textCard: number;
  /** Ids 0 .. card - 1 of each codebook; card is the initial token. */
  readonly card: number;
  /** Codebooks of each speaker. Rows are text, agent codebooks, user codebooks. */
  readonly codebooks: number;
  /** Frames by which each row is late: [1 + 2 * codebooks]. */
  readonly delays: readonly number[];
  readonly depth: DepthConfiguration;
}

export interface DepthConfiguration {
  readonly dim: number;
  readonly heads: number;
  readonly layers: number;
  readonly hidden: number;
  /** Steps that the weights hold; the agent's codebooks take the first ones. */
  readonly storedSteps: number;
  /** Steps that a step attends to, itself included. */
  readonly window: number;
}

export interface MimiConfiguration {
  readonly filters: number;
  readonly dim: number;
  /** Of the decoder; the encoder goes through them backwards. */
  readonly ratios: readonly number[];
  readonly kernel: number;
  readonly lastKernel: number;
  readonly residualKernel: number;
  readonly compress: number;
  readonly codebooks: number;
  readonly codebookDim: number;
  readonly card: number;
  readonly transformer: {
    readonly heads: number;
    readonly layers: number;
    readonly hidden: number;
    readonly context: number;
    readonly maxPeriod: number;
  };
}

export interface PromptConfiguration {
  /** One frame of the agent's codes in silence. */
  readonly silence: readonly number[];
  /** One frame of the user's codes before the conversation. */
  readonly sine: readonly number[];
  readonly silenceFrames: number;
  readonly textPadding: number;
  /** Frames of the checkpoint's own voice. */
  readonly voiceCodes: readonly (readonly number[])[] | null;
  /** The checkpoint's own role text. */
  readonly textTokens: readonly number[] | null;
}

export interface SamplingRules {
  readonly text: SamplingRule;
  readonly audio: SamplingRule;
}

export interface SamplingRule {
  /** 0: the likeliest token. */
  readonly temperature: number;
  readonly topK: number;
}

/** 24 kHz, 12.5 frames a second (personaplex.md section 1). */
export const frameSamples = 1920;
