/** drachtio-srf writes header values as they are: line breaks and other control characters would start headers of their own. */
export function safeHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [safeText(name), safeText(value)]));
}

export function safeText(text: string): string {
  let out = '';
  for (const c of text) out += c < ' ' || c === '\x7f' ? ' ' : c;
  return out;
}

/** `SIP;cause=503;text="..."` (RFC 3326). */
export function reasonHeader(reason: { readonly cause: number; readonly text: string }): Record<string, string> {
  const text = safeText(reason.text).replaceAll('\\', '').replaceAll('"', "'");
  return { Reason: `SIP;cause=${Math.trunc(reason.cause)};text="${text}"` };
}

/** The text of a Reason header, or its whole value; null when there is none. */
export function reasonText(value: string | undefined): string | null {
  if (value === undefined) return null;
  const start = value.indexOf('text="');
  const end = value.indexOf('"', start + 6);
  return start < 0 || end < 0 ? value : value.slice(start + 6, end);
}
