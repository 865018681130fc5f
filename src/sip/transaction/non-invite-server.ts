import { type Effect, end, resend, type Step, send, start, stop, type TransactionEvent } from './machine.ts';
import { TRANSACTION_TIMEOUT_MS } from './timers.ts';

export interface NonInviteServerState {
  readonly name: 'trying' | 'proceeding' | 'completed' | 'terminated';
  readonly isReliable: boolean;
}

export const newNonInviteServer = (isReliable: boolean): NonInviteServerState => ({ name: 'trying', isReliable });

/** Server transaction of every method but INVITE and ACK: RFC 3261 17.2.2. */
export function nonInviteServer(state: NonInviteServerState, event: TransactionEvent): Step<NonInviteServerState> {
  const stay = { state, effects: [] };
  const to = (name: NonInviteServerState['name'], ...effects: Effect[]) => ({ state: { ...state, name }, effects });
  switch (event.type) {
    case 'request':
      return state.name === 'proceeding' || state.name === 'completed' ? to(state.name, resend) : stay;
    case 'respond':
      if (state.name !== 'trying' && state.name !== 'proceeding') return stay;
      if (event.status < 200) return to('proceeding', send);
      if (state.isReliable) return to('terminated', send, end);
      return to('completed', send, start('J', TRANSACTION_TIMEOUT_MS));
    case 'timer':
      return event.timer === 'J' ? to('terminated', end) : stay;
    case 'transportError':
      return state.name === 'completed' ? to('terminated', stop('J'), end) : stay;
    default:
      return stay;
  }
}
