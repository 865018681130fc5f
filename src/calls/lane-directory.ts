import { AddressRanges } from '../runtime/address-ranges.ts';

/** Who may call, by source address. */
export interface TrunkRule {
  readonly id: string;
  /** Addresses and ranges. */
  readonly allow: readonly string[];
}

export interface LaneRule {
  readonly id: string;
  readonly trunk: string;
  /** User part of the Request-URI; null: any. */
  readonly user: string | null;
}

export type LaneChoice<Lane> =
  | { readonly kind: 'found'; readonly lane: Lane }
  | { readonly kind: 'refused'; readonly status: 403 | 404; readonly reason: string };

/** Which lane an INVITE is for: by the trunk of its source, then by the user part of its Request-URI (often empty). */
export class LaneDirectory<Lane extends LaneRule> {
  readonly #trunks: readonly { readonly id: string; readonly sources: AddressRanges }[];
  readonly #lanes: readonly Lane[];

  constructor(trunks: readonly TrunkRule[], lanes: readonly Lane[]) {
    this.#trunks = trunks.map((trunk) => ({ id: trunk.id, sources: new AddressRanges(trunk.allow) }));
    this.#lanes = lanes;
  }

  find(sourceAddress: string, requestUser: string): LaneChoice<Lane> {
    const trunks = this.#trunks.filter((trunk) => trunk.sources.has(sourceAddress)).map((trunk) => trunk.id);
    if (trunks.length === 0) return { kind: 'refused', status: 403, reason: 'no trunk allows this address' };
    const reachable = this.#lanes.filter((lane) => trunks.includes(lane.trunk));
    const lane =
      reachable.find((each) => each.user !== null && each.user === requestUser) ??
      reachable.find((each) => each.user === null);
    if (lane === undefined)
      return { kind: 'refused', status: 404, reason: `no lane answers "${requestUser}" on trunk ${trunks.join(', ')}` };
    return { kind: 'found', lane };
  }
}
