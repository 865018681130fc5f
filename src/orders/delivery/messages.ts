import type { RecordBatch } from '../../records/call-writer.ts';
import type { ErrorRecord } from '../../runtime/errors.ts';
import type { DeliveryHealth, DeliveryOptions, DeliveryStep } from '../contract.ts';
import type { Ticket } from '../ticket.ts';

/** What the worker is started with. */
export interface DeliveryWorkerData {
  readonly options: DeliveryOptions;
  /** The first worker of this gateway: calls that are still `live` are those of an earlier one. */
  readonly isFirst: boolean;
}

/** Main to worker. */
export type DeliveryOrder =
  | { readonly kind: 'commit'; readonly ticket: Ticket }
  | { readonly kind: 'records'; readonly batch: RecordBatch }
  /** All that waited has been handed over: the queue, which blocks the thread while it opens, may start. */
  | { readonly kind: 'deliver' }
  | { readonly kind: 'resend'; readonly id: number; readonly ticketId: string; readonly revision: number }
  | { readonly kind: 'health'; readonly id: number }
  | { readonly kind: 'stop' };

/** Worker to main. */
export type DeliveryReport =
  | { readonly kind: 'open' }
  /** The database cannot be opened; the worker ends. */
  | { readonly kind: 'unusable'; readonly error: ErrorRecord }
  | { readonly kind: 'committed'; readonly key: string }
  | { readonly kind: 'refused'; readonly key: string; readonly error: ErrorRecord }
  | { readonly kind: 'recorded'; readonly lastSequence: number }
  | { readonly kind: 'recordsRefused'; readonly error: ErrorRecord }
  | {
      readonly kind: 'answer';
      readonly id: number;
      readonly health: DeliveryHealth | null;
      readonly error: ErrorRecord | null;
    }
  | { readonly kind: 'step'; readonly step: DeliveryStep }
  | { readonly kind: 'alert'; readonly error: ErrorRecord }
  | { readonly kind: 'queueError'; readonly reason: string }
  | { readonly kind: 'loopLag'; readonly p99Ms: number; readonly maxMs: number };
