import { createHash } from 'node:crypto';
import { splitList } from '../message/message.ts';

export type DigestAlgorithm = 'MD5' | 'SHA-256';

/** What a response is computed from (RFC 7616 section 3.4.1); without `qop` as RFC 2069 had it. */
export interface DigestInput {
  readonly algorithm: DigestAlgorithm;
  readonly user: string;
  readonly realm: string;
  readonly password: string;
  readonly method: string;
  /** The digest-uri of the credentials. */
  readonly uri: string;
  readonly nonce: string;
  readonly qop: { readonly nc: string; readonly cnonce: string } | null;
}

/** The `response` of credentials, hexadecimal. */
export function digestResponse(input: DigestInput): string {
  const { algorithm, user, realm, password, method, uri, nonce, qop } = input;
  const hash = (text: string) =>
    createHash(algorithm === 'MD5' ? 'md5' : 'sha256')
      .update(text, 'utf8')
      .digest('hex');
  const secret = hash(`${user}:${realm}:${password}`);
  const subject = hash(`${method}:${uri}`);
  return hash(`${secret}:${nonce}:${qop === null ? '' : `${qop.nc}:${qop.cnonce}:auth:`}${subject}`);
}

/** The parameters of a `Digest ...` challenge or credentials, names in lower case; null for another scheme. */
export function parseDigest(value: string): ReadonlyMap<string, string> | null {
  if (!value.toLowerCase().startsWith('digest ')) return null;
  const params = new Map<string, string>();
  for (const part of splitList(value.slice(7))) {
    const equals = part.indexOf('=');
    if (equals < 1) return null;
    params.set(part.slice(0, equals).trim().toLowerCase(), unquote(part.slice(equals + 1).trim()));
  }
  return params;
}

/** null for one that is not served, such as `MD5-sess`; absent means MD5. */
export function algorithmOf(params: ReadonlyMap<string, string>): DigestAlgorithm | null {
  const name = (params.get('algorithm') ?? 'MD5').toUpperCase();
  return name === 'MD5' || name === 'SHA-256' ? name : null;
}

/**
 * Credentials for the best of the challenges of a 401 or 407: SHA-256 before MD5; null when none can be answered.
 * `cnonce` is random.
 */
export function answerChallenges(
  challenges: readonly string[],
  login: { readonly user: string; readonly password: string },
  request: { readonly method: string; readonly uri: string },
  cnonce: string,
): string | null {
  const usable = challenges.flatMap((value) => {
    const params = parseDigest(value);
    const algorithm = params === null ? null : algorithmOf(params);
    const qops = splitList(params?.get('qop') ?? '').map((each) => each.toLowerCase());
    if (params === null || algorithm === null || (qops.length > 0 && !qops.includes('auth'))) return [];
    return [{ params, algorithm, hasQop: qops.length > 0 }];
  });
  const chosen = usable.find((each) => each.algorithm === 'SHA-256') ?? usable[0];
  if (chosen === undefined) return null;
  const { params, algorithm, hasQop } = chosen;
  const realm = params.get('realm') ?? '';
  const nonce = params.get('nonce') ?? '';
  const opaque = params.get('opaque');
  const qop = hasQop ? { nc: '00000001', cnonce } : null;
  const response = digestResponse({ algorithm, ...login, realm, ...request, nonce, qop });
  return [
    `Digest username=${quote(login.user)}`,
    `realm=${quote(realm)}`,
    `nonce=${quote(nonce)}`,
    `uri=${quote(request.uri)}`,
    `response="${response}"`,
    `algorithm=${algorithm}`,
    ...(qop === null ? [] : [`cnonce="${cnonce}"`, 'qop=auth', `nc=${qop.nc}`]),
    ...(opaque === undefined ? [] : [`opaque=${quote(opaque)}`]),
  ].join(', ');
}

/** Challenges that came in one header value, one after the other. */
export function splitChallenges(value: string): string[] {
  const challenges: string[] = [];
  for (const part of splitList(value)) {
    if (part.toLowerCase().startsWith('digest ') || challenges.length === 0) challenges.push(part);
    else challenges.push(`${challenges.pop() ?? ''}, ${part}`);
  }
  return challenges;
}

function quote(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

function unquote(text: string): string {
  if (text.length < 2 || !text.startsWith('"') || !text.endsWith('"')) return text;
  let out = '';
  for (let i = 1; i < text.length - 1; i++) {
    if (text[i] === '\\' && i < text.length - 2) i++;
    out += text[i];
  }
  return out;
}
