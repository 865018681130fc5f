/** What pages and the demo see of calls. */
import type { AgentWord, DeliveryStep, OrderSnapshot } from '../orders/contract.ts';
import type { ErrorRecord } from '../runtime/errors.ts';
import type { CarSignal } from './car-signal.ts';

export type CallState = 'ringing' | 'answered' | 'talking' | 'calling_crew' | 'with_crew' | 'apologising' | 'ended';

export interface LiveCall {
  readonly callId: string;
  readonly lane: string;
  readonly state: CallState;
  readonly from: string;
  readonly startedWallMs: number;
  readonly words: readonly AgentWord[];
  readonly orders: readonly OrderSnapshot[];
}

/** Everything that a live page shows, in the order in which it happened. */
export type LiveEvent =
  | {
      readonly kind: 'call';
      readonly callId: string;
      readonly lane: string;
      readonly state: CallState;
      readonly detail: string | null;
      readonly atWallMs: number;
    }
  | { readonly kind: 'words'; readonly callId: string; readonly words: readonly AgentWord[] }
  | { readonly kind: 'orders'; readonly callId: string; readonly orders: readonly OrderSnapshot[] }
  | { readonly kind: 'delivery'; readonly step: DeliveryStep }
  | { readonly kind: 'alert'; readonly callId: string | null; readonly error: ErrorRecord; readonly atWallMs: number };

/** Why the gateway puts words into the agent's mouth: for the call's log. */
export type SayingKind = 'greeting' | 'read_back' | 'whisper' | 'hand_back';

/**
 * One call's agent, for whoever has something for it to say: a greeting, a read-back with the computed total, a sentence of the crew.
 * What it says is heard by the guest in the agent's own voice, and comes back as words to the extractor as all that the agent says.
 */
export interface CallVoice {
  /**
   * Says `text` after what was given before. Resolves when its last word has come from the model. Rejects with CALL_NOT_TALKING, LANE_WORDS_INVALID
   * (the checkpoint cannot say it, or too much is waiting), or with what ended the lane meanwhile.
   */
  say(text: string, kind: SayingKind): Promise<void>;
}

export interface CallDesk {
  /** Calls that are running now. */
  readonly live: readonly LiveCall[];
  /** The last alerts, newest first, at most 50. */
  readonly alerts: readonly Extract<LiveEvent, { kind: 'alert' }>[];
  /** The voice of a call that is up; null: there is none of this id. */
  voiceOf(callId: string): CallVoice | null;
  /**
   * Rings the crew for the guest of this call; the agent talks on until somebody answers. Resolves when somebody has.
   * @throws CALL_UNKNOWN, CALL_NOT_TALKING, CREW_NOT_CONFIGURED, CREW_UNANSWERED
   */
  takeOver(callId: string, reason: string): Promise<void>;
  /**
   * Gives the guest back to the agent, a fresh lane that says what is on the order so far.
   * @throws CALL_UNKNOWN, CALL_NOT_WITH_CREW, LANE_NONE_FREE, LANE_UNAVAILABLE
   */
  handBack(callId: string): Promise<void>;
  /**
   * A device says by other means than SIP that a car came to a lane whose call stays up, or left it.
   * @throws CALL_NOT_NAILED_UP where the lane has no such call now
   */
  signalCar(lane: string, signal: CarSignal): void;
  /** Returns a function that ends the subscription. */
  subscribe(listener: (event: LiveEvent) => void): () => void;
  /** Stops a running call's recording (card numbers) or lets it go on. Rejects with MEDIA_SESSION_UNKNOWN. */
  pauseRecording(callId: string, isPaused: boolean): Promise<void>;
  /** Ends all calls (apology where a guest is talking is not played; BYE with Reason) and takes no more. */
  stop(): Promise<void>;
}
