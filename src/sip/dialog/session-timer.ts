import { headerOf, isDigit, listOf, type SipMessage, type SipRequest, type SipResponse } from '../message/message.ts';
import { parseParams } from '../message/params.ts';

/** The shortest session that is accepted (RFC 4028 section 5). */
export const MIN_SESSION_SECONDS = 90;
/** What our own INVITEs ask for. */
export const SESSION_SECONDS = 1_800;
/** A refresh that failed may be repeated until shortly before the end (section 10). */
const SAFETY_SECONDS = 32;

/** How long a dialog lives without a refresh, and whose task that is: RFC 4028 as pure functions. */
export interface Session {
  readonly seconds: number;
  /** In the transaction that agreed on it. */
  readonly refresher: 'uac' | 'uas';
}

export function sessionOf(message: SipMessage): { readonly seconds: number; readonly refresher: string } | null {
  const value = headerOf(message, 'session-expires') ?? '';
  const semicolon = value.indexOf(';');
  const digits = (semicolon < 0 ? value : value.slice(0, semicolon)).trim();
  if (digits === '' || digits.length > 9 || ![...digits].every(isDigit)) return null;
  const params = semicolon < 0 ? null : parseParams(value.slice(semicolon));
  return { seconds: Number(digits), refresher: params?.get('refresher') ?? '' };
}

/** Min-SE of a 422 (section 7.4); null when it has none that counts. */
export function minSessionOf(response: SipResponse): number | null {
  const value = (headerOf(response, 'min-se') ?? '').split(';')[0]?.trim() ?? '';
  const seconds = value === '' || value.length > 9 || ![...value].every(isDigit) ? 0 : Number(value);
  return seconds > 0 ? seconds : null;
}

/** What a 2xx to this INVITE or UPDATE says (section 9); null without a session timer; `tooSmall` is answered 422. */
export function agreeAsServer(request: SipRequest): Session | 'tooSmall' | null {
  const asked = sessionOf(request);
  if (asked === null) return null;
  const { seconds, refresher } = asked;
  // A peer that knows nothing of timers (a proxy asked) can neither take a 422 nor refresh.
  if (!supports(request, 'timer')) return { seconds: Math.max(seconds, MIN_SESSION_SECONDS), refresher: 'uas' };
  if (seconds < MIN_SESSION_SECONDS) return 'tooSmall';
  return { seconds, refresher: refresher === 'uas' ? 'uas' : 'uac' };
}

/** What the 2xx to our INVITE or UPDATE agreed on (section 7.2). */
export function agreeAsClient(response: SipResponse): Session | null {
  const said = sessionOf(response);
  if (said === null) return null;
  return { seconds: Math.max(said.seconds, 1), refresher: said.refresher === 'uas' ? 'uas' : 'uac' };
}

/** When the refresher refreshes: half way (section 10). */
export function refreshAfterMs({ seconds }: Session): number {
  return seconds * 500;
}

/** When the other side gives the session up: min(32 s, a third) before it expires (section 10). */
export function giveUpAfterMs({ seconds }: Session): number {
  return (seconds - Math.min(SAFETY_SECONDS, seconds / 3)) * 1_000;
}

export function supports(message: SipMessage, option: string): boolean {
  const options = [...listOf(message, 'supported'), ...listOf(message, 'require')];
  return options.some((each) => each.toLowerCase() === option);
}
