/**
 * The database's two sides. Writers: the delivery worker, from `CallRecordEvent`s and tickets. Readers: the reader worker, for
 * pages. One SQLite file, WAL, so readers never block the writer.
 */
import type { SessionStats } from '../media/contract.ts';
import type { AgentWord, DeliveryState, DeliveryStep, OrderSnapshot } from '../orders/contract.ts';
import type { Ticket } from '../orders/ticket.ts';

/** How a call ended, for the list. */
export type CallOutcome = 'live' | 'ordered' | 'abandoned' | 'no_order' | 'failed' | 'interrupted';

export type CallRecordEvent =
  | {
      readonly kind: 'started';
      readonly callId: string;
      readonly sipCallId: string;
      readonly storeId: string;
      readonly lane: string;
      readonly from: string;
      readonly source: string;
      readonly codec: string;
      readonly menuId: string;
      readonly personaId: string;
      readonly seed: number;
      readonly consent: string | null;
      readonly startedWallMs: number;
    }
  | { readonly kind: 'greeted'; readonly callId: string; readonly atMs: number }
  | { readonly kind: 'words'; readonly callId: string; readonly words: readonly AgentWord[] }
  /** A line of the call's log: `ack`, `dtmf`, `order_closed`, `media_timeout`, `lane_failed`, ... */
  | {
      readonly kind: 'log';
      readonly callId: string;
      readonly atMs: number;
      readonly what: string;
      readonly detail: string;
    }
  /** The growing order, about once a second while it changes: what a restart finds of a call that was cut. */
  | { readonly kind: 'draft'; readonly callId: string; readonly orders: readonly OrderSnapshot[] }
  | {
      readonly kind: 'ended';
      readonly callId: string;
      readonly outcome: Exclude<CallOutcome, 'live' | 'interrupted'>;
      readonly reason: string;
      readonly durationMs: number;
      readonly stats: SessionStats | null;
      /** File name within the recordings directory. */
      readonly recording: string | null;
    };

export interface CallSummary {
  readonly callId: string;
  readonly lane: string;
  readonly startedWallMs: number;
  readonly durationMs: number | null;
  readonly outcome: CallOutcome;
  readonly reason: string | null;
  readonly greetedMs: number | null;
  readonly items: number;
  readonly totalCents: number | null;
  readonly currency: string | null;
  readonly reviewReasons: readonly string[];
  readonly deliveryState: DeliveryState | null;
}

export interface CallDetail {
  readonly summary: CallSummary;
  readonly sipCallId: string;
  readonly from: string;
  readonly source: string;
  readonly codec: string;
  readonly menuId: string;
  readonly personaId: string;
  readonly seed: number;
  readonly consent: string | null;
  readonly words: readonly AgentWord[];
  readonly log: readonly { readonly atMs: number; readonly what: string; readonly detail: string }[];
  /** Draft orders of a live or interrupted call. */
  readonly drafts: readonly OrderSnapshot[];
  readonly tickets: readonly {
    readonly ticket: Ticket;
    readonly state: DeliveryState;
    readonly trail: readonly DeliveryStep[];
  }[];
  readonly stats: SessionStats | null;
  readonly recording: string | null;
}

export interface RecordReader {
  /** Newest first; `beforeWallMs` pages. */
  listCalls(query: { readonly limit: number; readonly beforeWallMs: number | null }): Promise<readonly CallSummary[]>;
  getCall(callId: string): Promise<CallDetail | null>;
  stop(): Promise<void>;
}
