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
import { T1_MS, TIMER_D_MS, TRANSACTION_TIMEOUT_MS } from './timers.ts';

export interface InviteClientState {
  readonly name: 'calling' | 'proceeding' | 'accepted' | 'completed' | 'terminated';
  readonly isReliable: boolean;
  /** Timer A's next length. */
  readonly intervalMs: number;
}

export const newInviteClient = (isReliable: boolean): InviteClientState => ({
  name: 'calling',
  isReliable,
  intervalMs: T1_MS,
});

const ack: Effect = { do: 'ack' };

/** INVITE client transaction: RFC 3261 17.1.1 with the Accepted state of RFC 6026 7.2. */
export function inviteClient(state: InviteClientState, event: TransactionEvent): Step<InviteClientState> {
  const stay = { state, effects: [] };
  const to = (name: InviteClientState['name'], ...effects: Effect[]) => ({ state: { ...state, name }, effects });
  const quiet = state.name === 'calling' ? [stop('A'), stop('B')] : [];
  const isOpen = state.name === 'calling' || state.name === 'proceeding';
  switch (event.type) {
    case 'start': {
      const retransmit = state.isReliable ? [] : [start('A', state.intervalMs)];
      return to('calling', send, ...retransmit, start('B', TRANSACTION_TIMEOUT_MS));
    }
    case 'timer':
      if (event.timer === 'A' && state.name === 'calling') {
        const intervalMs = 2 * state.intervalMs;
        return { state: { ...state, intervalMs }, effects: [resend, start('A', intervalMs)] };
      }
      if (event.timer === 'B' && state.name === 'calling') return to('terminated', stop('A'), fail('timeout'), end);
      if (event.timer === 'D' || event.timer === 'M') return to('terminated', end);
      return stay;
    case 'response':
      if (event.status < 200) return isOpen ? to('proceeding', ...quiet, pass) : stay;
      if (event.status < 300) {
        if (isOpen) return to('accepted', ...quiet, start('M', TRANSACTION_TIMEOUT_MS), pass);
        return state.name === 'accepted' ? to('accepted', pass) : stay;
      }
      if (isOpen) {
        if (state.isReliable) return to('terminated', ...quiet, ack, pass, end);
        return to('completed', ...quiet, start('D', TIMER_D_MS), ack, pass);
      }
      return state.name === 'completed' ? to('completed', ack) : stay;
    case 'abandon':
      return isOpen ? to('terminated', ...quiet, fail('timeout'), end) : stay;
    case 'transportError':
      if (isOpen) return to('terminated', ...quiet, fail('transport'), end);
      return state.name === 'completed' ? to('terminated', stop('D'), end) : stay;
    default:
      return stay;
  }
}
