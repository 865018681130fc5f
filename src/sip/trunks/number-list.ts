import type { AddressRanges } from '../../runtime/address-ranges.ts';
import { isDigit } from '../message/message.ts';
import { formatHost, parseUri } from '../message/uri.ts';

/** Signs that people write into numbers (RFC 3966 section 3, visual-separator). */
const separators = new Set('-.() ');

/**
 * The numbers that may be called on a guest's behalf; nothing else may (toll fraud). An entry is
 *
 *     +13125550100     one number, or the user part of a SIP address: it must match whole
 *     1312555*         every number that starts so (at least three digits)
 *     sip:crew@10.1.1.5:5060, sip:+13125550100@pbx.example   this SIP address
 *
 * A bare number allows `tel:` and SIP addresses at the store's own trunks; a SIP address elsewhere must be listed itself.
 */
export class NumberList {
  readonly #numbers = new Set<string>();
  readonly #prefixes: string[] = [];
  readonly #addresses = new Set<string>();
  readonly #ownNetwork: AddressRanges;

  /** `ownNetwork`: the addresses of the store's trunks. */
  constructor(entries: readonly string[], ownNetwork: AddressRanges) {
    this.#ownNetwork = ownNetwork;
    for (const entry of entries) {
      if (entry.toLowerCase().startsWith('sip')) this.#addresses.add(placeOf(entry) ?? entry);
      else if (entry.endsWith('*')) this.#prefixes.push(entry.slice(0, -1));
      else this.#numbers.add(entry);
    }
  }

  /** `target`: a `tel:`, `sip:` or `sips:` URI. */
  allows(target: string): boolean {
    const number = telNumberOf(target);
    if (number !== null) return this.#hasNumber(number);
    const uri = parseUri(target);
    if (uri === null) return false;
    if (this.#addresses.has(placeOf(target) ?? '')) return true;
    return this.#ownNetwork.has(uri.host) && this.#hasNumber(withoutSeparators(uri.user));
  }

  #hasNumber(number: string): boolean {
    if (this.#numbers.has(number)) return true;
    // A prefix is for numbers only: what follows it must be digits, so that no parameters or extensions ride along.
    return this.#prefixes.some(
      (prefix) => number.startsWith(prefix) && [...number.slice(prefix.length)].every(isDigit),
    );
  }
}

/** `user@host:port` of a SIP address, for comparison; null for another. */
function placeOf(text: string): string | null {
  const uri = parseUri(text);
  if (uri === null) return null;
  return `${uri.user}@${formatHost(uri.host.toLowerCase())}:${uri.port ?? (uri.scheme === 'sips' ? 5061 : 5060)}`;
}

/** The number of a `tel:` URI; null for another, or with a parameter that would dial on (ext, postd, isub). */
function telNumberOf(target: string): string | null {
  if (!target.toLowerCase().startsWith('tel:')) return null;
  const [number = '', ...params] = target.slice(4).split(';');
  return params.every((each) => each.toLowerCase().startsWith('phone-context=')) ? withoutSeparators(number) : null;
}

function withoutSeparators(text: string): string {
  return [...text].filter((c) => !separators.has(c)).join('');
}
