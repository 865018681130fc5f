/**
 * SIP messages (RFC 3261 section 7) as plain values. Header names are lower case and long (`call-id`, never `i`); a header that
 * came in several lines stands several times, in order. Values have no line folding and no runs of white space.
 */
export interface Header {
  readonly name: string;
  readonly value: string;
}

export interface SipRequest {
  readonly kind: 'request';
  readonly method: string;
  readonly uri: string;
  readonly headers: readonly Header[];
  readonly body: Uint8Array;
}

export interface SipResponse {
  readonly kind: 'response';
  readonly status: number;
  readonly reason: string;
  readonly headers: readonly Header[];
  readonly body: Uint8Array;
}

export type SipMessage = SipRequest | SipResponse;

export const noBody = new Uint8Array(0);

/** The first value under a lower-case name, or undefined. */
export function headerOf(message: SipMessage, name: string): string | undefined {
  return message.headers.find((header) => header.name === name)?.value;
}

/** Every line's value under a lower-case name, from top to bottom. */
export function headersOf(message: SipMessage, name: string): string[] {
  return message.headers.filter((header) => header.name === name).map((header) => header.value);
}

/** The elements of a comma-separated header (Via, Route, Contact ...), whatever lines they came in. */
export function listOf(message: SipMessage, name: string): string[] {
  return headersOf(message, name).flatMap(splitList);
}

/** Splits at commas outside of quotes and angle brackets. */
export function splitList(value: string): string[] {
  const parts: string[] = [];
  let start = 0;
  let isQuoted = false;
  let isInAngles = false;
  for (let i = 0; i < value.length; i++) {
    const c = value[i];
    if (isQuoted) {
      if (c === '\\') i++;
      else if (c === '"') isQuoted = false;
    } else if (c === '"') isQuoted = true;
    else if (c === '<') isInAngles = true;
    else if (c === '>') isInAngles = false;
    else if (c === ',' && !isInAngles) {
      parts.push(value.slice(start, i).trim());
      start = i + 1;
    }
  }
  parts.push(value.slice(start).trim());
  return parts.filter((part) => part !== '');
}

/** CSeq (section 20.16), or null when it is none. */
export function cseqOf(message: SipMessage): { readonly number: number; readonly method: string } | null {
  const value = headerOf(message, 'cseq') ?? '';
  const space = value.indexOf(' ');
  const digits = value.slice(0, space);
  if (space < 1 || digits.length > 10 || ![...digits].every(isDigit)) return null;
  const number = Number(digits);
  const method = value.slice(space + 1);
  return number < 2 ** 31 && isToken(method) ? { number, method } : null;
}

export function callIdOf(message: SipMessage): string {
  return headerOf(message, 'call-id') ?? '';
}

const tokenCharacters = new Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.!%*_+`'~");

/** RFC 3261 section 25.1 `token`. */
export function isToken(text: string): boolean {
  if (text === '') return false;
  for (const c of text) if (!tokenCharacters.has(c)) return false;
  return true;
}

export function isDigit(c: string): boolean {
  return c >= '0' && c <= '9';
}
