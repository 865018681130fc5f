import { canonicalName } from '../message/header-names.ts';
import { type Header, isDigit, isToken } from '../message/message.ts';

/** What an application wrote: a request or a response without Via, its Content-Length unreliable (drachtio-srf counts characters). */
export interface AppMessage {
  /** null for a response. */
  readonly request: { readonly method: string; readonly uri: string } | null;
  /** null for a request. */
  readonly response: { readonly status: number; readonly reason: string } | null;
  readonly headers: readonly Header[];
  /** Everything after the empty line. */
  readonly body: Buffer;
}

/** null when it is no SIP message. Lines that are no header are left out, as drachtio-server does. */
export function parseAppMessage(bytes: Buffer): AppMessage | null {
  const end = bytes.indexOf('\r\n\r\n');
  const head = end < 0 ? bytes : bytes.subarray(0, end);
  const body = end < 0 ? bytes.subarray(bytes.length) : bytes.subarray(end + 4);
  const [startLine = '', ...lines] = head.toString('utf8').split('\r\n');
  const headers = lines.flatMap((line): Header[] => {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon)).trim();
    const value = line.slice(colon + 1).trim();
    return isToken(name) && value !== '' ? [{ name: canonicalName(name), value }] : [];
  });
  const [first = '', second = '', ...others] = startLine.split(' ');
  if (first === 'SIP/2.0') {
    if (second.length !== 3 || ![...second].every(isDigit) || second < '100' || second > '699') return null;
    return { request: null, response: { status: Number(second), reason: others.join(' ') }, headers, body };
  }
  if (!isToken(first) || second === '' || others[0] !== 'SIP/2.0') return null;
  return { request: { method: first, uri: second }, response: null, headers, body };
}
