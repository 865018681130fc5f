/**
 * What the rest of the gateway sees of orders. The extractor reads the agent's words as they come and keeps an event-sourced
 * order; a closed order becomes a ticket (ticket.ts), the ticket is committed to the outbox and delivered.
 */
import type { CallRecordEvent } from '../records/contract.ts';
import type { ErrorRecord } from '../runtime/errors.ts';
import type {
  ReviewReason,
  Ticket,
  TicketEvidence,
  TicketHistoryEntry,
  TicketLine,
  TicketNote,
  TicketTotals,
} from './ticket.ts';

// ---- extraction -------------------------------------------------------------------------------------------------------------

/** One frame's text: a sentencepiece piece with U+2581 as a space, or null for a frame without text. */
export interface TimedPiece {
  readonly piece: string | null;
  /** Milliseconds since the call's start at which the piece sounds. */
  readonly atMs: number;
}

/** A finished word of the agent, as it stood in the stream (punctuation kept). */
export interface AgentWord {
  /** The agent's turn, from 1. */
  readonly turn: number;
  readonly text: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** The state of one car's order. Several cars in one call give several orders. */
export interface OrderSnapshot {
  readonly customerSeq: number;
  /** 1, and one more each time a closed order changes after all. */
  readonly revision: number;
  readonly status: 'draft' | 'confirmed' | 'abandoned';
  readonly lines: readonly TicketLine[];
  readonly totals: TicketTotals;
  readonly notes: readonly TicketNote[];
  readonly reviewReasons: readonly ReviewReason[];
  /** Words that stood where a product should, and are none of the menu. */
  readonly unresolved: readonly string[];
  readonly history: readonly TicketHistoryEntry[];
}

/** What one piece changed. Empty arrays where nothing did. */
export interface ExtractionUpdate {
  readonly words: readonly AgentWord[];
  readonly changed: readonly OrderSnapshot[];
  /** Orders that this piece closed (status confirmed or abandoned): each is to become a ticket unless abandoned. */
  readonly closed: readonly OrderSnapshot[];
}

/** One call's extraction. Deterministic: the same pieces give the same orders, however they are split. */
export interface OrderExtractor {
  push(piece: TimedPiece): ExtractionUpdate;
  /** The guest barged in: the unfinished word is dropped, the turn ends. What was not heard must not have been pushed. */
  cut(atMs: number): ExtractionUpdate;
  /** The call ended. An order that is still open is closed for review (`no_final_readback`, or `truncated` when the lane failed). */
  end(atMs: number, reason: 'left' | 'lane_failed'): ExtractionUpdate;
  readonly orders: readonly OrderSnapshot[];
}

export type { TicketEvidence };

// ---- delivery ---------------------------------------------------------------------------------------------------------------

export type DeliveryState = 'pending' | 'queued' | 'acked' | 'needs_attention' | 'dead';

/** One entry of a ticket's delivery trail. */
export interface DeliveryStep {
  readonly ticketId: string;
  readonly revision: number;
  readonly callId: string;
  readonly state: DeliveryState;
  /** `committed`, `held`, `queued`, `attempt`, `acked`, `attention`, `printed`, `not_printed`, `dead`, `resent`. */
  readonly what: string;
  /** Number of the attempt, from 1; null where the step is none. */
  readonly attempt: number | null;
  /** HTTP status or a short reason. */
  readonly detail: string | null;
  /** The POS's own id of the order, once it gave one. */
  readonly posOrderId: string | null;
  readonly atWallMs: number;
}

export interface DeliveryEvents {
  step(step: DeliveryStep): void;
  /** The worker died and is being restarted, or the queue or disk is in trouble: for the page's alerts. */
  alert(alert: { readonly error: ErrorRecord; readonly atWallMs: number }): void;
  loopLag(sample: { readonly p99Ms: number; readonly maxMs: number }): void;
}

/** A receiver of signed JSON. */
export interface WebhookTarget {
  readonly kind: 'webhook';
  readonly url: string;
  /** Standard Webhooks secret, `whsec_` + base64. */
  readonly secret: string;
  /** The secret that it replaces, which also signs until the receiver knows the new one. */
  readonly previousSecret?: string | null;
  readonly timeoutMs: number;
}

export interface SquareTarget {
  readonly kind: 'square';
  /** `https://connect.squareup.com`, or the sandbox's. The location is the store's `externalId`. */
  readonly url: string;
  readonly accessToken: string;
  readonly timeoutMs: number;
}

export interface ToastTarget {
  readonly kind: 'toast';
  /** The API host that Toast names. The restaurant is the store's `externalId`. */
  readonly url: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Guid of the dining option for drive-thru orders. */
  readonly diningOption: string;
  /** Guids of Toast's pre-modifiers; an action without one becomes a special request. */
  readonly preModifiers: { readonly [Action in 'no' | 'extra' | 'light' | 'side']?: string | undefined };
  /** Take-out needs a guest: the store's own address and number. */
  readonly guest: { readonly email: string; readonly phone: string };
  /** Naming authority and colon. */
  readonly externalIdPrefix: string;
  /** At least 30 s: a time-out may have succeeded. */
  readonly timeoutMs: number;
}

export interface EscposTarget {
  readonly kind: 'escpos';
  /** `tcp://host:9100`, or `file:///dev/usb/lp0`. */
  readonly url: string;
  readonly columns: number;
  /** The printer answers status and process-id requests (ESC/POS DLE EOT and GS ( H). */
  readonly acknowledges: boolean;
  readonly timeoutMs: number;
}

export interface FolderTarget {
  readonly kind: 'folder';
  /** Absolute. */
  readonly folder: string;
  readonly timeoutMs: number;
}

/**
 * What becomes of a ticket that needs review: sent as it is (`review.needed` tells the POS), kept until the crew sends it, or sent and
 * printed for the crew as well.
 */
export type ReviewPolicy = 'send' | 'hold' | 'print';

/** Where tickets go. */
export type PosTarget = WebhookTarget | SquareTarget | ToastTarget | EscposTarget | FolderTarget;

export interface DeliveryOptions {
  readonly databaseFile: string;
  /** `embedded`, `redis://...` or `postgres://...` */
  readonly queue: string;
  readonly storeId: string;
  readonly pos: PosTarget;
  readonly review: ReviewPolicy;
  /** Prints what the crew has to see: orders that the POS has not got, that it refuses, that are held; null: none. */
  readonly crewPrinter: EscposTarget | null;
  /** Orders a second that the POS is given at most, after an outage too. */
  readonly ordersPerSecond: number;
  /** Attention is raised so long after the commit without an answer of the POS. */
  readonly attentionAfterMs: number;
  /** Where recordings of interrupted calls are looked for at the start. */
  readonly recordingsDirectory?: string;
}

/** The main thread's handle on the delivery worker, which owns the database. It restarts a dead worker by itself. */
export interface DeliveryPlane {
  on<Name extends keyof DeliveryEvents>(name: Name, listener: DeliveryEvents[Name]): void;
  /** Resolves when the database is open (tickets are safe); the queue may still be starting. */
  readonly ready: Promise<void>;
  /** Writes to the call's record, in order. Kept and handed over again when the worker restarts. */
  record(event: CallRecordEvent): void;
  /** Resolves when the ticket is durable; rejects with TICKET_NOT_STORED (disk full, database damaged). */
  commit(ticket: Ticket): Promise<void>;
  /** Sends a ticket again (a new generation, the same idempotency key). */
  resend(ticketId: string, revision: number): Promise<void>;
  /** Tickets not acknowledged yet, queue state: for /readyz and doctor. */
  health(): Promise<DeliveryHealth>;
  stop(): Promise<void>;
}

export interface DeliveryHealth {
  readonly queue: 'starting' | 'up' | 'down';
  readonly queueDetail: string;
  readonly unacked: number;
  readonly attention: number;
}
