import type { Answer } from '../core/incoming-request.ts';
import { ALLOW } from '../core/response.ts';
import { isKnownMethod } from '../counters.ts';

/** What the server says to a request outside of a dialog that no application wants (RFC 3261 8.2.1, 11.2, 21.5.2, 21.5.4). */
export function defaultAnswer(method: string): Answer {
  const allow = { name: 'allow', value: ALLOW };
  if (method === 'OPTIONS')
    return { status: 200, reason: 'OK', headers: [allow, { name: 'accept', value: 'application/sdp' }] };
  if (method === 'INVITE')
    return { status: 503, reason: 'Service Unavailable', headers: [{ name: 'retry-after', value: '10' }] };
  if (isKnownMethod(method)) return { status: 405, reason: 'Method Not Allowed', headers: [allow] };
  return { status: 501, reason: 'Not Implemented', headers: [allow] };
}
