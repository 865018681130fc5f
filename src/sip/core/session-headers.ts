import { MIN_SESSION_SECONDS, SESSION_SECONDS, type Session, sessionOf } from '../dialog/session-timer.ts';
import type { Header, SipRequest } from '../message/message.ts';
import type { Dialog } from './dialog.ts';
import type { Answer } from './incoming-request.ts';
import type { Draft } from './request.ts';

/** Session-Expires of an INVITE or UPDATE of ours (RFC 4028 section 7.1, 7.4): who refreshes stays as agreed. */
export function askForSession(draft: Draft, dialog: Dialog | null): Draft {
  if (draft.method !== 'INVITE' && draft.method !== 'UPDATE') return draft;
  if (draft.headers.some(({ name }) => name === 'session-expires')) return draft;
  const agreed = dialog?.session ?? null;
  if (dialog !== null && agreed === null) return draft;
  const { seconds, isOurTask } = agreed ?? { seconds: SESSION_SECONDS, isOurTask: true };
  const headers = [
    ...draft.headers,
    { name: 'session-expires', value: `${seconds};refresher=${isOurTask ? 'uac' : 'uas'}` },
    { name: 'min-se', value: String(MIN_SESSION_SECONDS) },
    ...(draft.method === 'UPDATE' ? [{ name: 'supported', value: 'timer' }] : []),
  ];
  return { ...draft, headers };
}

/** A request again after 422: with the interval that was asked for, the next CSeq and no Via (RFC 4028 section 7.4). */
export function withLongerSession(message: SipRequest, minSeconds: number, sequence: number): SipRequest {
  const session = sessionOf(message);
  const refresher = session === null || session.refresher === '' ? '' : `;refresher=${session.refresher}`;
  const seconds = Math.max(minSeconds, session?.seconds ?? 0);
  const own = new Set(['via', 'session-expires', 'min-se', 'cseq']);
  const headers = [
    ...message.headers.filter(({ name }) => !own.has(name)),
    { name: 'cseq', value: `${sequence} ${message.method}` },
    { name: 'session-expires', value: `${seconds}${refresher}` },
    { name: 'min-se', value: String(minSeconds) },
  ];
  return { ...message, headers };
}

/** Session-Expires of a 2xx; the peer must refresh where it can (RFC 4028 section 9: Require says so). */
export function grantSession(answer: Answer, session: Session | null): Answer {
  if (session === null) return answer;
  const { seconds, refresher } = session;
  const own: Header[] = [{ name: 'session-expires', value: `${seconds};refresher=${refresher}` }];
  if (refresher === 'uac') own.push({ name: 'require', value: 'timer' });
  return { ...answer, headers: [...(answer.headers ?? []), ...own] };
}
