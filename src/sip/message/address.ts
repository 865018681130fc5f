import { type Params, parseParams } from './params.ts';

/** `"name" <uri>;params`, as in From, To, Contact, Route (RFC 3261 section 20.10). */
export interface Address {
  /** Display name without quotes; empty when there is none. */
  readonly name: string;
  readonly uri: string;
  readonly params: Params;
}

/** null when `text` is no address. Without angle brackets, parameters belong to the header, not to the URI. */
export function parseAddress(text: string): Address | null {
  let open = 0;
  let name = '';
  if (text.startsWith('"')) {
    const close = closingQuote(text);
    if (close < 0) return null;
    name = text.slice(1, close).replaceAll('\\', '');
    open = close + 1;
    while (text[open] === ' ') open++;
    if (text[open] !== '<') return null;
  } else {
    open = text.indexOf('<');
    if (open >= 0) name = text.slice(0, open).trim();
    if (name.includes('"') || name.includes(';') || name.includes(',')) return null;
  }
  if (open < 0) {
    const semicolon = text.indexOf(';');
    const uri = (semicolon < 0 ? text : text.slice(0, semicolon)).trim();
    const params = semicolon < 0 ? new Map<string, string>() : parseParams(text.slice(semicolon));
    return params === null || !isUriLike(uri) || uri.includes(',') ? null : { name: '', uri, params };
  }
  const close = text.indexOf('>', open);
  if (close < 0) return null;
  const uri = text.slice(open + 1, close);
  const params = parseParams(text.slice(close + 1));
  return params === null || !isUriLike(uri) ? null : { name, uri, params };
}

/** The tag parameter of a From or To value; undefined when it has none. */
export function tagOf(value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  const tag = parseAddress(value)?.params.get('tag');
  return tag === '' ? undefined : tag;
}

function closingQuote(text: string): number {
  for (let i = 1; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === '"') return i;
  }
  return -1;
}

function isUriLike(uri: string): boolean {
  if (uri.indexOf(':') < 1) return false;
  for (const c of uri) if (c === ' ' || c === '<' || c === '"') return false;
  return true;
}
