/** `;name=value` parameters: names in lower case, quoted values without their quotes, a flag has the value ''. */
export type Params = ReadonlyMap<string, string>;

/** Reads parameters from `text`, which is empty or starts with `;`; null when it is something else. */
export function parseParams(text: string): Params | null {
  const params = new Map<string, string>();
  let at = 0;
  while (text[at] === ' ') at++;
  while (at < text.length) {
    if (text[at] !== ';') return null;
    const start = at + 1;
    let isQuoted = false;
    for (at = start; at < text.length && (isQuoted || text[at] !== ';'); at++) {
      if (isQuoted && text[at] === '\\') at++;
      else if (text[at] === '"') isQuoted = !isQuoted;
    }
    if (isQuoted) return null;
    const part = text.slice(start, at);
    const equals = part.indexOf('=');
    const name = (equals < 0 ? part : part.slice(0, equals)).trim().toLowerCase();
    const raw = equals < 0 ? '' : part.slice(equals + 1).trim();
    const value = raw.length > 1 && raw.startsWith('"') && raw.endsWith('"') ? raw.slice(1, -1) : raw;
    if (name !== '') params.set(name, value);
  }
  return params;
}
