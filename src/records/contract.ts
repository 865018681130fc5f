/**
 * The database's two sides. Writers: the delivery worker, from `CallRecordEvent`s and tickets. Readers: the reader worker, for
 * pages. One SQLite file, WAL, so readers never block the writer.
 */
import type { NegotiatedMedia, SessionStats } from '../media/contract.ts';
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

/** Which calls; null: any. */
export interface CallFilter {
  readonly lane: string | null;
  readonly outcome: CallOutcome | null;
  readonly delivery: DeliveryState | null;
  /** A reason for review. */
  readonly flag: string | null;
  /** Words that the agent said or items of the order; each as a word's beginning. */
  readonly text: string | null;
  readonly fromWallMs: number | null;
  /** Exclusive. */
  readonly toWallMs: number | null;
}

/** Where a page of the list ended. */
export interface CallCursor {
  readonly startedWallMs: number;
  readonly callId: string;
}

export interface CallListQuery {
  readonly limit: number;
  readonly filter?: Partial<CallFilter>;
  /** The last call of the page before; null: the first page. Not used for the worst. */
  readonly after?: CallCursor | null;
  /** `worst`: those that a manager should hear first (worst-calls.ts). */
  readonly order?: 'newest' | 'worst';
}

export interface NumbersQuery {
  readonly fromWallMs: number;
  readonly toWallMs: number;
  /** IANA name: hours and days are those of the store. */
  readonly timezone: string;
  readonly by: 'hour' | 'day' | 'lane';
}

/** Median and 95th percentile of those calls that have the figure; null: none has. */
export interface Spread {
  readonly p50: number | null;
  readonly p95: number | null;
}

/** Figures of a group of ended calls; numbers.ts defines each. */
export interface CallNumbers {
  /** `2026-11-25T14` (hour), `2026-11-25` (day), or the lane. */
  readonly group: string;
  readonly calls: number;
  readonly ordered: number;
  readonly contained: number;
  readonly reviewed: number;
  readonly failed: number;
  readonly posFailed: number;
  readonly greetMs: Spread;
  readonly orderMs: Spread;
  readonly firstSoundMs: Spread;
  readonly posMs: Spread;
  readonly lateFrames: number;
  readonly frames: number;
  readonly salesCents: number;
}

export interface NumbersAnswer {
  readonly groups: readonly CallNumbers[];
  /** All groups together. */
  readonly all: CallNumbers;
}

/** Which tickets; null: any. */
export interface TicketListQuery {
  readonly limit: number;
  /** The last ticket of the page before. */
  readonly after: string | null;
  readonly state: DeliveryState | null;
  readonly callId: string | null;
  readonly needsReview: boolean | null;
}

export interface TicketRevision {
  readonly ticket: Ticket;
  readonly state: DeliveryState;
}

export interface TicketRecord extends TicketRevision {
  readonly trail: readonly DeliveryStep[];
}

export interface RecordReader {
  /** The newest revision of each, newest first. */
  listTickets(query: TicketListQuery): Promise<readonly TicketRevision[]>;
  /** Every revision, oldest first; none: there is no such ticket. */
  getTicket(ticketId: string): Promise<readonly TicketRecord[]>;
  listCalls(query: CallListQuery): Promise<readonly CallSummary[]>;
  numbers(query: NumbersQuery): Promise<NumbersAnswer>;
  getCall(callId: string): Promise<CallDetail | null>;
  stop(): Promise<void>;
}

export interface TracedCall {
  readonly callId: string;
  readonly sipCallId: string;
  /** `udp/192.168.1.20:5060`. */
  readonly source: string;
  /** null: refused before it had one. */
  readonly trunk: string | null;
  readonly lane: string | null;
}

/** What the desk tells of a call so that `speakerpost trace` can show it. */
export interface CallTracing {
  begin(call: TracedCall): void;
  negotiated(callId: string, media: NegotiatedMedia): void;
  /** With the status. */
  refused(callId: string, why: string): void;
  end(callId: string): void;
}
