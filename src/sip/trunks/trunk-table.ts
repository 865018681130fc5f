import { AddressRanges } from '../../runtime/address-ranges.ts';
import { parseAddress } from '../message/address.ts';
import { parseUri } from '../message/uri.ts';

/** What a caller must show beside its address; null: it does not matter. */
export interface TrunkMatch {
  /** User part of the From URI. */
  readonly fromUser: string | null;
  readonly header: { readonly name: string; readonly value: string } | null;
}

/** Whom a trunk is for. */
export interface TrunkSelector {
  /** Addresses and ranges. */
  readonly allow: readonly string[];
  readonly match?: TrunkMatch;
}

/** A request as far as its trunk depends on it. */
export interface TrunkCaller {
  readonly address: string;
  /** The From header. */
  readonly from: string;
  header(name: string): string | undefined;
}

/**
 * Which trunk a request came by: the first, in the order of the store's file, whose addresses hold its source and whose `match` it
 * shows. From and headers are the caller's own words; only the address and a password prove anything, so a trunk with rights
 * should have one of its own.
 */
export class TrunkTable<Trunk extends TrunkSelector> {
  readonly #trunks: readonly { readonly trunk: Trunk; readonly sources: AddressRanges }[];

  constructor(trunks: readonly Trunk[]) {
    this.#trunks = trunks.map((trunk) => ({ trunk, sources: new AddressRanges(trunk.allow) }));
  }

  find(caller: TrunkCaller): Trunk | null {
    return this.atAddress(caller.address).find((trunk) => isShown(trunk.match, caller)) ?? null;
  }

  /** Trunks that allow this address, whatever they ask for beside it. */
  atAddress(address: string): readonly Trunk[] {
    return this.#trunks.filter(({ sources }) => sources.has(address)).map(({ trunk }) => trunk);
  }
}

/** The user part of a From value; empty when it has none. */
export function fromUserOf(from: string): string {
  return parseUri(parseAddress(from)?.uri ?? '')?.user ?? '';
}

function isShown(match: TrunkMatch | undefined, caller: TrunkCaller): boolean {
  if (match === undefined) return true;
  const { fromUser, header } = match;
  if (fromUser !== null && fromUserOf(caller.from) !== fromUser) return false;
  return header === null || caller.header(header.name.toLowerCase()) === header.value;
}
