import type { AgentWord, ExtractionUpdate, OrderExtractor, OrderSnapshot, TimedPiece } from '../orders/contract.ts';
import type { Ticket } from '../orders/ticket.ts';
import type { CallRecordEvent } from '../records/contract.ts';
import type { LiveEvent } from './contract.ts';

const DRAFT_EVERY_MS = 1_000;
/** After its last word the extractor has so long to understand a read-back. */
const READ_BACK_SETTLES_MS = 2_000;
/** A read-back that takes longer keeps no order from the kitchen. */
const READ_BACK_MOST_MS = 30_000;

export interface OrderTakingOptions {
  readonly callId: string;
  readonly extractor: OrderExtractor;
  readonly toTicket: (order: OrderSnapshot) => Ticket;
  readonly keep: (ticket: Ticket) => Promise<void>;
  /** Has the agent read an order back that was closed without its total; null: the store does not want it. */
  readonly readBack: ((order: OrderSnapshot) => Promise<void>) | null;
  /** No ticket can be made of an order: the call and all others go on. */
  readonly onTicketFailed: (atMs: number, error: unknown) => void;
  readonly record: (event: CallRecordEvent) => void;
  readonly emit: (event: LiveEvent) => void;
}

/** The order side of one call: the agent's pieces in; words, growing orders and tickets out. */
export class OrderTaking {
  readonly #options: OrderTakingOptions;
  readonly #orders = new Map<number, OrderSnapshot>();
  readonly #words: AgentWord[] = [];
  /** Revisions that were handed over, by car. */
  readonly #kept = new Map<number, number>();
  /** The order that is being read back, until when it waits for that. */
  #waiting: { readonly order: OrderSnapshot; untilMs: number } | null = null;
  readonly #readBack = new Set<number>();
  #draftAtMs = -DRAFT_EVERY_MS;
  #lastMs = 0;
  #draftIsStale = false;
  #greetedMs: number | null = null;
  #ticketCount = 0;
  #abandoned = false;
  #hasEnded = false;

  constructor(options: OrderTakingOptions) {
    this.#options = options;
  }

  get words(): readonly AgentWord[] {
    return this.#words;
  }

  get orders(): readonly OrderSnapshot[] {
    return [...this.#orders.values()];
  }

  /** When the agent's first word sounded, ms since the call's start. */
  get greetedMs(): number | null {
    return this.#greetedMs;
  }

  get result(): 'ordered' | 'abandoned' | 'no_order' {
    if (this.#ticketCount > 0) return 'ordered';
    return this.#abandoned ? 'abandoned' : 'no_order';
  }

  push(piece: TimedPiece): void {
    if (this.#hasEnded) return;
    this.#lastMs = piece.atMs;
    this.#apply(this.#options.extractor.push(piece), piece.atMs);
    if (this.#waiting !== null && piece.atMs >= this.#waiting.untilMs) this.#stopWaiting(piece.atMs);
  }

  /** The agent was cut off: what its last word would have been is not on the order. */
  cut(atMs: number): void {
    if (this.#hasEnded) return;
    this.#apply(this.#options.extractor.cut(atMs), atMs);
  }

  /** Closes what is open. Once: the first reason stands. */
  end(atMs: number, reason: 'left' | 'lane_failed'): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#apply(this.#options.extractor.end(atMs, reason), atMs);
    this.#stopWaiting(atMs);
    this.#writeDraft(atMs);
  }

  #apply(update: ExtractionUpdate, atMs: number): void {
    const { callId, record, emit } = this.#options;
    if (update.words.length > 0) {
      if (this.#greetedMs === null) {
        this.#greetedMs = update.words[0]?.fromMs ?? atMs;
        record({ kind: 'greeted', callId, atMs: this.#greetedMs });
      }
      this.#words.push(...update.words);
      record({ kind: 'words', callId, words: update.words });
      emit({ kind: 'words', callId, words: update.words });
    }
    for (const order of [...update.changed, ...update.closed]) this.#orders.set(order.customerSeq, order);
    if (update.changed.length + update.closed.length > 0) {
      this.#draftIsStale = true;
      emit({ kind: 'orders', callId, orders: this.orders });
    }
    for (const order of update.closed) this.#close(order, atMs);
    if (this.#draftIsStale && atMs - this.#draftAtMs >= DRAFT_EVERY_MS) this.#writeDraft(atMs);
  }

  #close(order: OrderSnapshot, atMs: number): void {
    const { callId, record } = this.#options;
    record({ kind: 'log', callId, atMs, what: 'order_closed', detail: `car ${order.customerSeq}, ${order.status}` });
    const waiting = this.#waiting;
    if (waiting?.order.customerSeq === order.customerSeq) {
      // What was understood of the read-back takes the place of what was read back, unless it was misunderstood.
      this.#waiting = null;
      this.#keep(order.totals.spokenMatches === true ? order : waiting.order, atMs);
      return;
    }
    const kept = this.#kept.get(order.customerSeq) ?? 0;
    // Nothing was sent yet, so nothing is; an order taken back after it was sent goes out as a voiding revision.
    if (order.status === 'abandoned' && kept === 0) {
      this.#abandoned = true;
      return;
    }
    if (kept === 0 && this.#beginReadBack(order, atMs)) return;
    this.#keep(order, atMs);
  }

  #keep(order: OrderSnapshot, atMs: number): void {
    const revision = (this.#kept.get(order.customerSeq) ?? 0) + 1;
    const ticket = this.#toTicket({ ...order, revision }, atMs);
    if (ticket === null) return;
    this.#kept.set(order.customerSeq, revision);
    this.#ticketCount++;
    void this.#options.keep(ticket);
  }

  /** True when the order waits for its read-back: once a car, and not when the car has left. */
  #beginReadBack(order: OrderSnapshot, atMs: number): boolean {
    const { readBack } = this.#options;
    const { customerSeq, totals } = order;
    if (readBack === null || this.#hasEnded || totals.spokenTotalCents !== null) return false;
    if (this.#readBack.has(customerSeq) || this.#waiting !== null) return false;
    this.#readBack.add(customerSeq);
    const waiting = { order, untilMs: atMs + READ_BACK_MOST_MS };
    this.#waiting = waiting;
    readBack(order).then(
      () => {
        waiting.untilMs = Math.min(waiting.untilMs, this.#lastMs + READ_BACK_SETTLES_MS);
      },
      () => {
        if (this.#waiting === waiting) this.#stopWaiting(this.#lastMs);
      },
    );
    return true;
  }

  #stopWaiting(atMs: number): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    if (waiting !== null) this.#keep(waiting.order, atMs);
  }

  #toTicket(order: OrderSnapshot, atMs: number): Ticket | null {
    try {
      return this.#options.toTicket(order);
    } catch (error) {
      this.#options.onTicketFailed(atMs, error);
      return null;
    }
  }

  #writeDraft(atMs: number): void {
    if (!this.#draftIsStale) return;
    this.#draftIsStale = false;
    this.#draftAtMs = atMs;
    this.#options.record({ kind: 'draft', callId: this.#options.callId, orders: this.orders });
  }
}
