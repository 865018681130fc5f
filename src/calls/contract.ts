/** What pages and the demo see of calls. */
import type { AgentWord, DeliveryStep, OrderSnapshot } from '../orders/contract.ts';
import type { ErrorRecord } from '../runtime/errors.ts';

export type CallState = 'ringing' | 'answered' | 'talking' | 'apologising' | 'ended';

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

export interface CallDesk {
  /** Calls that are running now. */
  readonly live: readonly LiveCall[];
  /** The last alerts, newest first, at most 50. */
  readonly alerts: readonly Extract<LiveEvent, { kind: 'alert' }>[];
  /** Returns a function that ends the subscription. */
  subscribe(listener: (event: LiveEvent) => void): () => void;
  /** Stops a running call's recording (card numbers) or lets it go on. Rejects with MEDIA_SESSION_UNKNOWN. */
  pauseRecording(callId: string, isPaused: boolean): Promise<void>;
  /** Ends all calls (apology where a guest is talking is not played; BYE with Reason) and takes no more. */
  stop(): Promise<void>;
}
