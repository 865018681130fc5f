import { isDigit, splitList } from './message.ts';
import { type Params, parseParams } from './params.ts';
import { formatHost, parseHostPort } from './uri.ts';

/** One Via (RFC 3261 section 20.42): where the request came from and the responses go. */
export interface Via {
  /** `UDP`, `TCP`, `TLS`, ... */
  readonly transport: string;
  readonly host: string;
  readonly port: number | null;
  readonly params: Params;
}

/** The line that was read last: on its way through the layers each message's top Via is asked for several times. */
let last: { readonly line: string; readonly via: Via | null } = { line: '', via: null };

/** The first Via of a header line; null when it is none. */
export function parseVia(line: string): Via | null {
  if (line !== last.line) last = { line, via: readVia(line) };
  return last.via;
}

function readVia(line: string): Via | null {
  const text = splitList(line)[0] ?? '';
  const semicolon = text.indexOf(';');
  const head = semicolon < 0 ? text : text.slice(0, semicolon);
  const parts = head.split('/').map((part) => part.trim());
  const last = parts[2] ?? '';
  const space = last.indexOf(' ');
  if (parts.length !== 3 || parts[0]?.toUpperCase() !== 'SIP' || !isVersion(parts[1] ?? '') || space < 1) return null;
  const place = parseHostPort(last.slice(space + 1));
  const params = semicolon < 0 ? new Map<string, string>() : parseParams(text.slice(semicolon));
  if (place === null || params === null) return null;
  return { transport: last.slice(0, space).toUpperCase(), ...place, params };
}

/** Any version: a request of a later one is answered 505, to where its Via says. */
function isVersion(text: string): boolean {
  return text.length <= 8 && text.includes('.') && [...text].every((c) => isDigit(c) || c === '.');
}

export function formatVia(via: Via): string {
  const port = via.port === null ? '' : `:${via.port}`;
  const params = [...via.params].map(([name, value]) => (value === '' ? `;${name}` : `;${name}=${value}`)).join('');
  return `SIP/2.0/${via.transport} ${formatHost(via.host)}${port}${params}`;
}
