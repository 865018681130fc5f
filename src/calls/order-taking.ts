import type { AgentWord, ExtractionUpdate, OrderExtractor, OrderSnapshot, TimedPiece } from '../orders/contract.ts';
import type { Ticket } from '../orders/ticket.ts';
import type { CallRecordEvent } from '../records/contract.ts';
import type { LiveEvent } from './contract.ts';

const DRAFT_EVERY_MS = 1_000;

export interface OrderTakingOptions {
  readonly callId: string;
  readonly extractor: OrderExtractor;
  readonly toTicket: (order: OrderSnapshot) => Ticket;
  readonly keep: (ticket: Ticket) => Promise<void>;
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
  #draftAtMs = -DRAFT_EVERY_MS;
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
    this.#apply(this.#options.extractor.push(piece), piece.atMs);
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
    const { callId, record, keep } = this.#options;
    record({ kind: 'log', callId, atMs, what: 'order_closed', detail: `car ${order.customerSeq}, ${order.status}` });
    // Nothing was sent yet, so nothing is; an order taken back after it was sent goes out as a voiding revision.
    if (order.status === 'abandoned' && order.revision === 1) {
      this.#abandoned = true;
      return;
    }
    const ticket = this.#toTicket(order, atMs);
    if (ticket === null) return;
    this.#ticketCount++;
    void keep(ticket);
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
