import type { ErrorRecord } from '../runtime/errors.ts';
import type { LoopLagSample } from '../runtime/loop-lag.ts';
import type { SipCounters, SipServerOptions } from './contract.ts';
import type { RegisteredContact } from './registrar/binding.ts';

/** What crosses between the SIP server's process and its supervisor, over Node's IPC channel. */
export type ToServer =
  | { readonly kind: 'start'; readonly options: SipServerOptions; readonly secret: string; readonly logLevel: string }
  | { readonly kind: 'stop' };

export type FromServer =
  | { readonly kind: 'ready'; readonly url: string; readonly listening: readonly string[] }
  | { readonly kind: 'failed'; readonly error: ErrorRecord }
  /** Devices that are registered now; told with every change, and at the start. */
  | { readonly kind: 'registrations'; readonly contacts: readonly RegisteredContact[] }
  | { readonly kind: 'counters'; readonly counters: SipCounters }
  | { readonly kind: 'loopLag'; readonly sample: LoopLagSample }
  /** A line of the process's log, as pino writes it. */
  | { readonly kind: 'log'; readonly line: string };
