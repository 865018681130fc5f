import { isDigit } from './message.ts';
import { type Params, parseParams } from './params.ts';

/** A SIP or SIPS URI (RFC 3261 section 19.1), as far as routing needs it. */
export interface SipUri {
  readonly scheme: 'sip' | 'sips';
  /** Empty when there is none. */
  readonly user: string;
  /** Host name, IPv4 address, or IPv6 address without its brackets. */
  readonly host: string;
  /** null: the transport's default. */
  readonly port: number | null;
  readonly params: Params;
}

/** null for other schemes and for what is no URI. */
export function parseUri(text: string): SipUri | null {
  const colon = text.indexOf(':');
  const scheme = text.slice(0, Math.max(0, colon)).toLowerCase();
  if (scheme !== 'sip' && scheme !== 'sips') return null;
  const question = text.indexOf('?', colon);
  const main = question < 0 ? text.slice(colon + 1) : text.slice(colon + 1, question);
  const at = main.lastIndexOf('@');
  const userInfo = main.slice(0, Math.max(0, at));
  const hostPart = main.slice(at + 1);
  const semicolon = hostPart.indexOf(';');
  const place = parseHostPort(semicolon < 0 ? hostPart : hostPart.slice(0, semicolon));
  const params = semicolon < 0 ? new Map<string, string>() : parseParams(hostPart.slice(semicolon));
  if (place === null || params === null) return null;
  const password = userInfo.indexOf(':');
  return { scheme, user: password < 0 ? userInfo : userInfo.slice(0, password), ...place, params };
}

/** `host`, `host:port`, `[v6]`, `[v6]:port`; null when it is none of them. */
export function parseHostPort(text: string): { readonly host: string; readonly port: number | null } | null {
  const trimmed = text.trim();
  const bracket = trimmed.startsWith('[') ? trimmed.indexOf(']') : -1;
  if (trimmed.startsWith('[') && bracket < 2) return null;
  const host = bracket > 0 ? trimmed.slice(1, bracket) : (trimmed.split(':')[0] ?? '').trimEnd();
  const after = (bracket > 0 ? trimmed.slice(bracket + 1) : trimmed.slice(host.length)).trim();
  for (const c of host) if (!isHostCharacter(c, bracket > 0)) return null;
  if (host === '') return null;
  if (after === '') return { host, port: null };
  const digits = after.slice(1).trim();
  if (!after.startsWith(':') || digits === '' || digits.length > 5 || ![...digits].every(isDigit)) return null;
  const port = Number(digits);
  return port < 1 || port > 65_535 ? null : { host, port };
}

/** An IPv6 address gets its brackets. */
export function formatHost(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

function isHostCharacter(c: string, isIPv6: boolean): boolean {
  if (isIPv6) return isDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c === ':' || c === '.';
  return isDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c === '-' || c === '.' || c === '_';
}
