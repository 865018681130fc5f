import { type TrunkCaller, type TrunkSelector, TrunkTable } from '../sip/trunks/trunk-table.ts';

/** Who may call. */
export interface TrunkRule extends TrunkSelector {
  readonly id: string;
}

export interface LaneRule {
  readonly id: string;
  readonly trunk: string;
  /** User part of the Request-URI; null: any. */
  readonly user: string | null;
}

/** An INVITE as far as its lane depends on it. */
export interface LaneCaller extends TrunkCaller {
  /** User part of the Request-URI, often empty. */
  readonly requestUser: string;
}

export type LaneChoice<Trunk, Lane> =
  | { readonly kind: 'found'; readonly trunk: Trunk; readonly lane: Lane }
  | { readonly kind: 'refused'; readonly status: 403 | 404; readonly reason: string };

/** Which lane an INVITE is for: its trunk (source, From, headers), then the user part of its Request-URI. */
export class LaneDirectory<Trunk extends TrunkRule, Lane extends LaneRule> {
  readonly #trunks: TrunkTable<Trunk>;
  readonly #lanes: readonly Lane[];

  constructor(trunks: readonly Trunk[], lanes: readonly Lane[]) {
    this.#trunks = new TrunkTable(trunks);
    this.#lanes = lanes;
  }

  find(caller: LaneCaller): LaneChoice<Trunk, Lane> {
    const trunk = this.#trunks.find(caller);
    if (trunk === null) return { kind: 'refused', status: 403, reason: this.#whyNoTrunk(caller) };
    const reachable = this.#lanes.filter((lane) => lane.trunk === trunk.id);
    const lane =
      reachable.find((each) => each.user !== null && each.user === caller.requestUser) ??
      reachable.find((each) => each.user === null);
    if (lane !== undefined) return { kind: 'found', trunk, lane };
    const users = reachable.map((each) => `"${each.user}" (${each.id})`).join(', ');
    const has = users === '' ? 'which has no lane' : `which has ${users}`;
    return {
      kind: 'refused',
      status: 404,
      reason: `no lane answers "${caller.requestUser}" on trunk ${trunk.id}, ${has}`,
    };
  }

  #whyNoTrunk({ address }: LaneCaller): string {
    const near = this.#trunks.atAddress(address).map((trunk) => trunk.id);
    if (near.length === 0) return `no trunk allows ${address}`;
    return `${address} is allowed by trunk ${near.join(', ')}, but the call does not show what its match asks for`;
  }
}
