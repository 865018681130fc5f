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

export interface InviteServerState {
  readonly name: 'proceeding' | 'accepted' | 'completed' | 'confirmed' | 'terminated';
  readonly isReliable: boolean;
  /** Timer G's next length. */
  readonly intervalMs: number;
  readonly hasAnswered: boolean;
}

export const newInviteServer = (isReliable: boolean): InviteServerState => ({
  name: 'proceeding',
  isReliable,
  intervalMs: T1_MS,
  hasAnswered: false,
});

/** INVITE server transaction: RFC 3261 17.2.1 with the Accepted state of RFC 6026 7.1. The user sends 100 at once. */
export function inviteServer(state: InviteServerState, event: TransactionEvent): Step<InviteServerState> {
  const stay = { state, effects: [] };
  const to = (name: InviteServerState['name'], ...effects: Effect[]) => ({ state: { ...state, name }, effects });
  switch (event.type) {
    case 'request':
      if (state.name === 'completed' || (state.name === 'proceeding' && state.hasAnswered))
        return to(state.name, resend);
      return stay;
    case 'respond':
      if (state.name === 'accepted') return event.status >= 200 && event.status < 300 ? to('accepted', send) : stay;
      if (state.name !== 'proceeding') return stay;
      if (event.status < 200) return { state: { ...state, hasAnswered: true }, effects: [send] };
      if (event.status < 300) return to('accepted', send, start('L', TRANSACTION_TIMEOUT_MS));
      if (state.isReliable) return to('completed', send, start('H', TRANSACTION_TIMEOUT_MS));
      return to('completed', send, start('G', state.intervalMs), start('H', TRANSACTION_TIMEOUT_MS));
    case 'ack':
      if (state.name === 'accepted') return to('accepted', pass);
      if (state.name !== 'completed') return stay;
      if (state.isReliable) return to('terminated', stop('H'), end);
      return to('confirmed', stop('G'), stop('H'), start('I', T4_MS));
    case 'timer':
      if (event.timer === 'G' && state.name === 'completed') {
        const intervalMs = Math.min(2 * state.intervalMs, T2_MS);
        return { state: { ...state, intervalMs }, effects: [resend, start('G', intervalMs)] };
      }
      if (event.timer === 'H' && state.name === 'completed') return to('terminated', stop('G'), fail('timeout'), end);
      return event.timer === 'I' || event.timer === 'L' ? to('terminated', end) : stay;
    case 'transportError':
      return state.name === 'completed' ? to('terminated', stop('G'), stop('H'), fail('transport'), end) : stay;
    default:
      return stay;
  }
}
