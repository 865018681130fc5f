import { dialogOfServer } from '../dialog/dialog-state.ts';
import { agreeAsServer, MIN_SESSION_SECONDS } from '../dialog/session-timer.ts';
import { tagOf } from '../message/address.ts';
import { headerOf, listOf, type SipRequest } from '../message/message.ts';
import type { CoreContext } from './core.ts';
import type { Answer, IncomingRequest } from './incoming-request.ts';
import { SUPPORTED } from './response.ts';

/** Requests that mean nothing outside of a dialog (12.2.2). */
const onlyInDialog = new Set(['BYE', 'INFO', 'UPDATE', 'PRACK']);

const schemes = new Set(['sip', 'sips', 'tel']);

/** What is refused outside of a dialog before the application sees it, in the order of 8.2. */
export function checkNew(request: IncomingRequest, { layer, authenticator }: CoreContext): Answer | null {
  const { message, transaction } = request;
  if (tagOf(headerOf(message, 'from')) === undefined) return { status: 400, reason: 'Missing From Tag' };
  if (onlyInDialog.has(message.method)) return { status: 481, reason: 'Call/Transaction Does Not Exist' };
  if (layer.hasMerged(transaction)) return { status: 482, reason: 'Loop Detected' };
  if (!schemes.has(message.uri.slice(0, message.uri.indexOf(':')).toLowerCase()))
    return { status: 416, reason: 'Unsupported URI Scheme' };
  const refusal = authenticator?.check(message, request.from) ?? checkRequire(message);
  return refusal ?? (message.method === 'INVITE' ? (checkContact(message) ?? checkBodies(message)) : null);
}

/** Extensions that are not known are named (8.2.2.3). */
export function checkRequire(message: SipRequest): Answer | null {
  const known: readonly string[] = SUPPORTED;
  const unknown = listOf(message, 'require').filter((option) => !known.includes(option.toLowerCase()));
  if (unknown.length === 0) return checkSession(message);
  return { status: 420, reason: 'Bad Extension', headers: [{ name: 'unsupported', value: unknown.join(', ') }] };
}

function checkSession(message: SipRequest): Answer | null {
  if (!isOffering(message.method) || agreeAsServer(message) !== 'tooSmall') return null;
  const headers = [{ name: 'min-se', value: String(MIN_SESSION_SECONDS) }];
  return { status: 422, reason: 'Session Interval Too Small', headers };
}

function checkContact(message: SipRequest): Answer | null {
  return dialogOfServer(message, 'x', 'early') === null ? { status: 400, reason: 'Missing Contact' } : null;
}

/** An INVITE speaks SDP, alone or inside a multipart, and takes it as an answer (8.2.3, 21.4.7). */
export function checkBodies(message: SipRequest): Answer | null {
  const type = (headerOf(message, 'content-type') ?? '').split(';')[0]?.trim().toLowerCase() ?? '';
  const accept = [{ name: 'accept', value: 'application/sdp' }];
  if (message.body.length > 0 && type !== '' && type !== 'application/sdp' && !type.startsWith('multipart/'))
    return { status: 415, reason: 'Unsupported Media Type', headers: accept };
  if (message.body.length > 0 && (headerOf(message, 'content-encoding') ?? 'identity').toLowerCase() !== 'identity') {
    const headers = [{ name: 'accept-encoding', value: 'identity' }];
    return { status: 415, reason: 'Unsupported Media Type', headers };
  }
  const accepted = listOf(message, 'accept').map((each) => each.split(';')[0]?.trim().toLowerCase());
  const isTaken = accepted.some((each) => each === 'application/sdp' || each === 'application/*' || each === '*/*');
  return accepted.length === 0 || isTaken ? null : { status: 406, reason: 'Not Acceptable', headers: accept };
}

export function isOffering(method: string): boolean {
  return method === 'INVITE' || method === 'UPDATE';
}
