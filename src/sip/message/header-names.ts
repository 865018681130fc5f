/** Compact forms (RFC 3261 section 7.3.3 and the registrations that followed). */
const longForms: Readonly<Record<string, string>> = {
  a: 'accept-contact',
  b: 'referred-by',
  c: 'content-type',
  d: 'request-disposition',
  e: 'content-encoding',
  f: 'from',
  i: 'call-id',
  j: 'reject-contact',
  k: 'supported',
  l: 'content-length',
  m: 'contact',
  o: 'event',
  r: 'refer-to',
  s: 'subject',
  t: 'to',
  u: 'allow-events',
  v: 'via',
  x: 'session-expires',
};

const spellings: Readonly<Record<string, string>> = {
  'call-id': 'Call-ID',
  cseq: 'CSeq',
  'www-authenticate': 'WWW-Authenticate',
  rseq: 'RSeq',
  rack: 'RAck',
  'min-se': 'Min-SE',
  'mime-version': 'MIME-Version',
};

/** Lower-case long form of a header's name. */
export function canonicalName(name: string): string {
  const lower = name.toLowerCase();
  return Object.hasOwn(longForms, lower) ? (longForms[lower] ?? lower) : lower;
}

/** What `wireName` has worked out, for as many names as there are in the registry; others come from the network and could be any number. */
const known = new Map<string, string>(Object.entries(spellings));
const KNOWN_NAMES = 200;

/** The usual spelling on the wire: `content-type` becomes `Content-Type`. */
export function wireName(name: string): string {
  const found = known.get(name);
  if (found !== undefined) return found;
  const spelled = name
    .split('-')
    .map((part) => part.charAt(0).toUpperCase() + part.slice(1))
    .join('-');
  if (known.size < KNOWN_NAMES) known.set(name, spelled);
  return spelled;
}
