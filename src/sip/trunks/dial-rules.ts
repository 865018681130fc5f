import { AddressRanges } from '../../runtime/address-ranges.ts';
import { NumberList } from './number-list.ts';
import { type TrunkCaller, type TrunkSelector, TrunkTable } from './trunk-table.ts';

/** What a trunk's callers may make the gateway do beyond talking. */
export interface TrunkRights extends TrunkSelector {
  readonly id: string;
  /** Its calls may be transferred, and calls be placed for them. */
  readonly transfer: boolean;
  /** Where to; see NumberList. */
  readonly numbers: readonly string[];
}

/**
 * Toll fraud is kept out in one place: a call is placed or transferred only for a trunk with `transfer: true`, and only to a number
 * on its list, which is empty unless the store's file says otherwise.
 */
export class DialRules {
  readonly #trunks: TrunkTable<TrunkRights>;
  readonly #lists: ReadonlyMap<string, NumberList>;

  constructor(trunks: readonly TrunkRights[]) {
    this.#trunks = new TrunkTable(trunks);
    const own = new AddressRanges(trunks.flatMap((trunk) => trunk.allow));
    const willing = trunks.filter((trunk) => trunk.transfer);
    this.#lists = new Map(willing.map(({ id, numbers }) => [id, new NumberList(numbers, own)]));
  }

  /** The trunk of a call, by its INVITE; null: none. */
  trunkOf(caller: TrunkCaller): string | null {
    return this.#trunks.find(caller)?.id ?? null;
  }

  /** null: `target` may be called for a call of this trunk; else why not. */
  refusal(trunkId: string | null, target: string): string | null {
    const list = trunkId === null ? undefined : this.#lists.get(trunkId);
    if (list === undefined) return `trunk ${trunkId ?? '(none)'} has no transfer: true`;
    return list.allows(target) ? null : `numbers of trunk ${trunkId} does not list it`;
  }
}
