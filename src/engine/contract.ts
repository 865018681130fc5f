/**
 * What the rest of the gateway sees of the model. The engine is a child process behind one frame port: a Unix-domain
 * socket over which lanes are opened and 80 ms frames go both ways. src/engine/serving/frame-port.ts has the bytes.
 */
import type { ErrorRecord } from '../runtime/errors.ts';
import type { ModelNumbers } from './model-contract.ts';
import type { DeviceName } from './ort/open-device.ts';

/** Who the agent is: prompts of personaplex.md section 5. null parts fall back to the checkpoint's own. */
export interface Persona {
  readonly id: string;
  /** Role text, wrapped in `<system>` where missing; null: the checkpoint's `text_prompt_tokens`. */
  readonly text: string | null;
  /** A voice name or file of the checkpoint; null: the checkpoint's `voice_prompt_codes`. */
  readonly voice: string | null;
}

export interface EngineOptions {
  readonly modelDirectory: string;
  readonly lanes: number;
  readonly device: DeviceName;
  /** Threads inside one operator. */
  readonly threads: number;
  readonly numbers?: ModelNumbers;
  readonly personas: readonly Persona[];
  /** Persona images kept ready; the rest is prepared when a call asks for it. Default: 64 images, 2 GB. */
  readonly personaImages?: { readonly count: number; readonly bytes: number };
  /**
   * A lane is refused when the measured p99 from a frame's arrival to its answer would pass this with one lane more. null: lanes are
   * given out as long as there are any. Default 80.
   */
  readonly frameBudgetMs?: number | null;
  /** Made at the start, where they are not there already. */
  readonly clips?: readonly SpokenClip[];
}

/** Words that a persona says into a WAV file when the engine starts, for the time when there is no engine. */
export interface SpokenClip {
  readonly personaId: string;
  readonly words: string;
  /** Absolute. */
  readonly file: string;
}

/** One frame back from the model. */
export interface AgentFrame {
  /** Number of the user frame that this answers, from 0. */
  readonly frame: number;
  /** 1920 samples at 24 kHz. */
  readonly samples: Float32Array;
  readonly textToken: number;
  /** The token's text with U+2581 as a space; null for padding. */
  readonly piece: string | null;
  /** Milliseconds in the engine: from the frame's arrival to its start, and from start to done. */
  readonly waitMs: number;
  readonly runMs: number;
}

/** One conversation with the model. All calls after `close` are ignored. */
export interface LaneHandle {
  readonly index: number;
  /** Sends 1920 samples of the user; answers come by `onFrame` in order. */
  push(samples: Float32Array): void;
  onFrame(listener: (frame: AgentFrame) => void): void;
  /**
   * Puts words into the agent's mouth, after what it was given before; between the words it sounds as the model wants. Resolves when the
   * last of them has sounded. Rejects with LANE_WORDS_INVALID, or with what ended the lane.
   */
  say(text: string): Promise<void>;
  /** The lane is lost (bad input to it, a failed run, the engine's death): once; nothing comes after. */
  onFailed(listener: (error: ErrorRecord) => void): void;
  close(): void;
}

/** How busy an engine process is, as its client sees it. */
export interface EngineLoad {
  readonly lanes: number;
  /** Lanes of this client that are open or being opened. */
  readonly openLanes: number;
  /** From a frame's arrival in the engine to its answer, over the last ten seconds; null: there were none. */
  readonly p99Ms: number | null;
}

/** A connection to an engine process; when the connection ends, its lanes are freed. */
export interface EngineClient {
  /** Milliseconds by which text comes before its sound, from the checkpoint (frames x 80). */
  readonly textLeadMs: number;
  readonly load: EngineLoad;
  /**
   * `logFile`: where the engine writes what a replay of the call needs; null: nowhere.
   * Rejects with LANE_NONE_FREE or PERSONA_UNKNOWN.
   */
  openLane(personaId: string, seed: number, logFile?: string | null): Promise<LaneHandle>;
  onLost(listener: (error: ErrorRecord) => void): void;
  close(): void;
}

/** The main thread's handle on the engine process. */
export interface EngineSupervisor {
  readonly socketPath: string;
  /** Resolves when the model is loaded and every persona is warm. */
  readonly ready: Promise<EngineDescription>;
  onState(listener: (state: EngineState) => void): void;
  readonly state: EngineState;
  /** Process id, for the operator and for tests that kill it. */
  readonly pid: number | null;
  stop(): Promise<void>;
}

export type EngineState =
  | { readonly kind: 'starting' }
  | { readonly kind: 'ready'; readonly description: EngineDescription }
  | { readonly kind: 'failed'; readonly error: ErrorRecord };

export interface EngineDescription {
  readonly model: string;
  readonly device: string;
  readonly lanes: number;
  readonly runtimeVersion: string;
  readonly parameters: number;
  readonly textLeadFrames: number;
}
