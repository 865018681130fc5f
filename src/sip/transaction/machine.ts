/**
 * The four transactions of RFC 3261 section 17 (with RFC 6026) are pure functions from (state, event) to (state, effects). Time
 * comes in as timer events and goes out as `start` effects, so that nothing in them reads a clock.
 */
export type TimerName = 'A' | 'B' | 'D' | 'E' | 'F' | 'G' | 'H' | 'I' | 'J' | 'K' | 'L' | 'M';

export type TransactionEvent =
  | { readonly type: 'start' }
  | { readonly type: 'timer'; readonly timer: TimerName }
  /** Client: a response came. */
  | { readonly type: 'response'; readonly status: number }
  /** Client: the user waits no longer (RFC 3261 9.1: no final response 64*T1 after CANCEL). */
  | { readonly type: 'abandon' }
  /** Server: the request came again. */
  | { readonly type: 'request' }
  /** Server: the user answers. */
  | { readonly type: 'respond'; readonly status: number }
  /** Server: an ACK matched. */
  | { readonly type: 'ack' }
  | { readonly type: 'transportError' };

export type Effect =
  /** Send the request, or the last response; `again` when it went out before. */
  | { readonly do: 'send'; readonly again: boolean }
  /** Client INVITE: acknowledge the final response other than 2xx (17.1.1.3). */
  | { readonly do: 'ack' }
  /** Hand the event's message to the transaction user. */
  | { readonly do: 'pass' }
  | { readonly do: 'fail'; readonly why: 'timeout' | 'transport' }
  | { readonly do: 'start'; readonly timer: TimerName; readonly ms: number }
  | { readonly do: 'stop'; readonly timer: TimerName }
  | { readonly do: 'end' };

export interface Step<State> {
  readonly state: State;
  readonly effects: readonly Effect[];
}

export const send: Effect = { do: 'send', again: false };
export const resend: Effect = { do: 'send', again: true };
export const pass: Effect = { do: 'pass' };
export const end: Effect = { do: 'end' };
export const start = (timer: TimerName, ms: number): Effect => ({ do: 'start', timer, ms });
export const stop = (timer: TimerName): Effect => ({ do: 'stop', timer });
export const fail = (why: 'timeout' | 'transport'): Effect => ({ do: 'fail', why });
