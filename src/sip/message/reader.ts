import { parseAddress } from './address.ts';
import { canonicalName } from './header-names.ts';
import { cseqOf, type Header, headersOf, isDigit, isToken, type SipMessage, type SipRequest } from './message.ts';
import { SipSyntaxError } from './syntax-error.ts';
import { parseUri } from './uri.ts';
import { parseVia } from './via.ts';

/** What the parser takes at most; a message over any of them is refused before it costs anything. */
export const messageLimits = { headBytes: 16_384, lineBytes: 4_096, headers: 128, bodyBytes: 65_536 } as const;

const CR = 13;
const LF = 10;
const BACKSLASH = 92;
const mandatory = ['via', 'from', 'to', 'call-id', 'cseq'] as const;
const single = new Set(['from', 'to', 'call-id', 'cseq', 'max-forwards', 'content-length', 'content-type']);

/**
 * Parses one datagram (RFC 3261 sections 7 and 18.3) in time linear in its length, without regular expressions. Runs of white
 * space become one space, also in quoted strings (section 25.1: LWS means SP).
 * @throws SipSyntaxError
 */
export function parseMessage(datagram: Uint8Array): SipMessage {
  const start = skipLineEnds(datagram);
  if (start === datagram.length) throw new SipSyntaxError('EMPTY', 'no bytes');
  const { lines, end } = splitHead(datagram, start);
  const startLine = lines[0] ?? '';
  const headers = parseHeaders(lines);
  const rest = datagram.subarray(end);
  const message = parseStartLine(startLine, headers, rest);
  check(message, rest);
  const length = contentLengthOf(message);
  if (length === null) return message;
  return { ...message, body: rest.slice(0, length) };
}

/** CRLF before the start line is ignored (section 7.5); alone it is a keep-alive. */
export function skipLineEnds(bytes: Uint8Array): number {
  let at = 0;
  while (at < bytes.length && (bytes[at] === CR || bytes[at] === LF)) at++;
  return at;
}

function splitHead(bytes: Uint8Array, start: number): { lines: string[]; end: number } {
  const lines: string[] = [];
  let lineStart = start;
  const limit = Math.min(bytes.length, start + messageLimits.headBytes);
  for (let at = start; at < limit; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === LF) throw new SipSyntaxError('LINE_ENDING', `line feed alone at byte ${at}`);
    if (byte !== CR) {
      // A backslash before it makes it part of a quoted string (RFC 3261 25.1 quoted-pair).
      if (((byte < 32 && byte !== 9) || byte === 127) && bytes[at - 1] !== BACKSLASH)
        throw new SipSyntaxError('CONTROL_CHARACTER', `byte ${byte} at ${at}`);
      continue;
    }
    if (bytes[at + 1] !== LF) throw new SipSyntaxError('LINE_ENDING', `carriage return alone at byte ${at}`);
    if (at === lineStart) return { lines, end: at + 2 };
    if (at - lineStart > messageLimits.lineBytes)
      throw new SipSyntaxError('LINE_TOO_LONG', `${at - lineStart} bytes in line ${lines.length + 1}`);
    const text = Buffer.from(bytes.buffer, bytes.byteOffset + lineStart, at - lineStart).toString('utf8');
    const isFolded = text.startsWith(' ') || text.startsWith('\t');
    const previous = lines.at(-1);
    if (isFolded && lines.length > 1 && previous !== undefined) {
      if (previous.length + text.length > messageLimits.lineBytes)
        throw new SipSyntaxError('LINE_TOO_LONG', `a folded line ${lines.length}`);
      lines[lines.length - 1] = previous + text;
    } else if (isFolded) throw new SipSyntaxError('START_LINE', 'begins with white space');
    else lines.push(text);
    if (lines.length > messageLimits.headers + 1)
      throw new SipSyntaxError('TOO_MANY_HEADERS', `more than ${messageLimits.headers}`);
    lineStart = at + 2;
    at++;
  }
  if (bytes.length - start > messageLimits.headBytes)
    throw new SipSyntaxError('HEAD_TOO_LONG', `no empty line within ${messageLimits.headBytes} bytes`);
  throw new SipSyntaxError('HEAD_UNFINISHED', 'no empty line after the headers');
}

function parseHeaders(lines: readonly string[]): Header[] {
  const headers: Header[] = [];
  for (let i = 1; i < lines.length; i++) {
    const line = lines[i] ?? '';
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(0, colon)).trimEnd();
    if (!isToken(name)) throw new SipSyntaxError('HEADER_LINE', `line ${i + 1} has no header name`);
    headers.push({ name: canonicalName(name), value: collapse(line.slice(colon + 1)) });
  }
  return headers;
}

/** White space at the ends goes, runs inside become one space. */
function collapse(text: string): string {
  let out = '';
  let from = -1;
  for (let i = 0; i <= text.length; i++) {
    const c = text[i];
    const isSpace = c === undefined || c === ' ' || c === '\t';
    if (!isSpace && from < 0) from = i;
    else if (isSpace && from >= 0) {
      out += (out === '' ? '' : ' ') + text.slice(from, i);
      from = -1;
    }
  }
  return out;
}

function parseStartLine(line: string, headers: readonly Header[], body: Uint8Array): SipMessage {
  if (line.toUpperCase().startsWith('SIP/')) {
    const [version, code, ...reason] = line.split(' ');
    if (version?.toUpperCase() !== 'SIP/2.0') throw new SipSyntaxError('VERSION', version ?? '');
    if (code?.length !== 3 || ![...code].every(isDigit) || code < '100' || code > '699')
      throw new SipSyntaxError('START_LINE', 'status is no number of 100 to 699');
    return { kind: 'response', status: Number(code), reason: reason.join(' '), headers, body };
  }
  const first = line.indexOf(' ');
  const last = line.lastIndexOf(' ');
  const method = line.slice(0, Math.max(0, first));
  const uri = line.slice(first + 1, last);
  const version = line.slice(last + 1);
  const request: SipRequest = { kind: 'request', method, uri, headers, body };
  if (line.endsWith(' ')) throw new SipSyntaxError('START_LINE', 'ends with white space', answerable(request));
  if (!isToken(method) || last <= first + 1) throw new SipSyntaxError('START_LINE', 'not METHOD URI VERSION');
  if (version.toUpperCase() !== 'SIP/2.0') {
    if (!version.toUpperCase().startsWith('SIP/')) throw new SipSyntaxError('START_LINE', 'no SIP version');
    throw new SipSyntaxError('VERSION', version, answerable(request));
  }
  if (uri.includes(' ') || uri.includes('<') || uri.includes('>') || uri.includes('"') || uri.indexOf(':') < 1)
    throw new SipSyntaxError('REQUEST_URI', 'is no URI', answerable(request));
  // Headers have no place there (RFC 3261 19.1.1).
  if (uri.includes('?') && parseUri(uri) !== null)
    throw new SipSyntaxError('REQUEST_URI', 'carries headers', answerable(request));
  return request;
}

function check(message: SipMessage, rest: Uint8Array): void {
  const request = message.kind === 'request' ? message : null;
  for (const name of mandatory)
    if (!message.headers.some((header) => header.name === name))
      throw new SipSyntaxError('HEADER_MISSING', name, answerable(request));
  const seen = new Set<string>();
  for (const { name } of message.headers) {
    if (single.has(name) && seen.has(name)) throw new SipSyntaxError('HEADER_REPEATED', name, answerable(request));
    seen.add(name);
  }
  const fail = (detail: string) => new SipSyntaxError('HEADER_VALUE', detail, answerable(request));
  if (parseVia(headersOf(message, 'via')[0] ?? '') === null) throw new SipSyntaxError('HEADER_VALUE', 'via');
  for (const name of ['from', 'to'] as const)
    if (parseAddress(headersOf(message, name)[0] ?? '') === null) throw fail(name);
  for (const contact of headersOf(message, 'contact')) if (isMalformedContact(contact)) throw fail('contact');
  if (headersOf(message, 'call-id')[0] === '') throw fail('call-id');
  const maxForwards = headersOf(message, 'max-forwards')[0];
  if (maxForwards !== undefined && !isNumber(maxForwards, 255)) throw fail('max-forwards');
  const cseq = cseqOf(message);
  if (cseq === null || (request !== null && cseq.method !== request.method))
    throw new SipSyntaxError('CSEQ', headersOf(message, 'cseq')[0] ?? '', answerable(request));
  if (rest.length > messageLimits.bodyBytes)
    throw new SipSyntaxError('BODY_TOO_LONG', `${rest.length} bytes`, answerable(request));
  const declared = headersOf(message, 'content-length')[0];
  if (declared === undefined) return;
  if (!isNumber(declared, messageLimits.bodyBytes) || Number(declared) > rest.length)
    throw new SipSyntaxError('CONTENT_LENGTH', `${declared}, there are ${rest.length} bytes`, answerable(request));
}

/** Parameters without a name, or a URI whose headers cannot be told from the field's own (RFC 3261 20.10). */
function isMalformedContact(value: string): boolean {
  let isQuoted = false;
  for (let i = 0; i < value.length; i++) {
    const c = value[i];
    if (isQuoted && c === '\\') i++;
    else if (c === '"') isQuoted = !isQuoted;
    else if (!isQuoted && c === ';' && value[i + 1] === ';') return true;
  }
  return !value.includes('<') && value.includes('?');
}

function contentLengthOf(message: SipMessage): number | null {
  const value = headersOf(message, 'content-length')[0];
  return value === undefined ? null : Number(value);
}

function isNumber(text: string, most: number): boolean {
  return text !== '' && text.length <= 10 && [...text].every(isDigit) && Number(text) <= most;
}

/** The request when a response to it can be made and sent (section 8.2.6.2), else null. An ACK is never answered. */
function answerable(request: SipRequest | null): SipRequest | null {
  if (request === null || request.method === 'ACK' || !isToken(request.method)) return null;
  return parseVia(headersOf(request, 'via')[0] ?? '') === null ? null : request;
}
