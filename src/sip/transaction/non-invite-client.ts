import {
  type Effect,
  end,
  fail,
  pass,
  resend,
  type Step,
  send,
  start,
  stop,
  type TransactionEvent,
} from './machine.ts';
import { T1_MS, T2_MS, T4_MS, TRANSACTION_TIMEOUT_MS } from './timers.ts';

export interface NonInviteClientState {
  readonly name: 'trying' | 'proceeding' | 'completed' | 'terminated';
  readonly isReliable: boolean;
  /** Timer E's next length. */
  readonly intervalMs: number;
}

export const newNonInviteClient = (isReliable: boolean): NonInviteClientState => ({
  name: 'trying',
  isReliable,
  intervalMs: T1_MS,
});

/** Client transaction of every method but INVITE and ACK: RFC 3261 17.1.2. */
export function nonInviteClient(state: NonInviteClientState, event: TransactionEvent): Step<NonInviteClientState> {
  const stay = { state, effects: [] };
  const to = (name: NonInviteClientState['name'], ...effects: Effect[]) => ({ state: { ...state, name }, effects });
  const isOpen = state.name === 'trying' || state.name === 'proceeding';
  switch (event.type) {
    case 'start': {
      const retransmit = state.isReliable ? [] : [start('E', state.intervalMs)];
      return to('trying', send, ...retransmit, start('F', TRANSACTION_TIMEOUT_MS));
    }
    case 'timer':
      if (event.timer === 'E' && isOpen) {
        const intervalMs = state.name === 'proceeding' ? T2_MS : Math.min(2 * state.intervalMs, T2_MS);
        return { state: { ...state, intervalMs }, effects: [resend, start('E', intervalMs)] };
      }
      if (event.timer === 'F' && isOpen) return to('terminated', stop('E'), fail('timeout'), end);
      return event.timer === 'K' ? to('terminated', end) : stay;
    case 'response':
      if (!isOpen) return stay;
      if (event.status < 200) return to('proceeding', pass);
      if (state.isReliable) return to('terminated', stop('F'), pass, end);
      return to('completed', stop('E'), stop('F'), start('K', T4_MS), pass);
    case 'abandon':
      return isOpen ? to('terminated', stop('E'), stop('F'), fail('timeout'), end) : stay;
    case 'transportError':
      return isOpen ? to('terminated', stop('E'), stop('F'), fail('transport'), end) : stay;
    default:
      return stay;
  }
}
