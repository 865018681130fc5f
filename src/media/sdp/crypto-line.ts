import type { SrtpProfileName } from '../contract.ts';
import { MASTER_BYTES } from '../srtp/profile.ts';
import type { MediaDescription } from './session-description.ts';

/** One `a=crypto` line (RFC 4568 section 4) that we can use. */
export interface CryptoLine {
  readonly tag: number;
  readonly profile: SrtpProfileName;
  /** Master key and salt. */
  readonly key: Uint8Array;
}

/** Profiles in the order of our offers. The long tag comes first: every device has it. */
export const OFFERED_PROFILES: readonly SrtpProfileName[] = [
  'AES_CM_128_HMAC_SHA1_80',
  'AEAD_AES_128_GCM',
  'AES_CM_128_HMAC_SHA1_32',
];

/** Lines with an unknown suite, an MKI, several keys or session parameters that weaken the stream are left out. */
export function readCryptoLines(media: MediaDescription): CryptoLine[] {
  return media.attributes.flatMap(({ name, value }) => {
    const line = name === 'crypto' ? readCryptoLine(value) : null;
    return line === null ? [] : [line];
  });
}

export function formatCryptoLine({ tag, profile, key }: CryptoLine): string {
  return `a=crypto:${tag} ${profile} inline:${Buffer.from(key).toString('base64')}`;
}

function readCryptoLine(value: string): CryptoLine | null {
  const [tag = '', suite = '', keyParameters = '', ...session] = value.split(/\s+/);
  const profile = OFFERED_PROFILES.find((one) => one === suite.toUpperCase());
  if (profile === undefined || !/^\d{1,9}$/.test(tag) || session.some(isUnusable)) return null;
  // "inline:" key||salt ["|" lifetime] ["|" MKI ":" length]. A lifetime is shorter than no call; an MKI changes the packets.
  const [inline = '', ...options] = keyParameters.split('|');
  const base64 = /^inline:([A-Za-z0-9+/]+={0,2})$/.exec(inline)?.[1];
  if (base64 === undefined || options.some((option) => option.includes(':')) || keyParameters.includes(';'))
    return null;
  const key = Buffer.from(base64, 'base64');
  return key.length === MASTER_BYTES[profile] ? { tag: Number(tag), profile, key } : null;
}

/** WSH is a hint; the others change what goes over the wire. */
function isUnusable(parameter: string): boolean {
  return parameter !== '' && !/^WSH=\d+$/i.test(parameter);
}
