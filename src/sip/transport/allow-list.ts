import { BlockList, isIPv6 } from 'node:net';

/** Who may send requests. `null` lets everybody in. Ranges are checked where the configuration is read. */
export class AllowList {
  readonly #list: BlockList | null;

  constructor(ranges: readonly string[] | null) {
    this.#list = ranges === null ? null : new BlockList();
    for (const range of ranges ?? []) {
      const [address = '', prefix] = range.split('/');
      const family = isIPv6(address) ? 'ipv6' : 'ipv4';
      if (prefix === undefined) this.#list?.addAddress(address, family);
      else this.#list?.addSubnet(address, Number(prefix), family);
    }
  }

  has(address: string): boolean {
    return this.#list?.check(address, isIPv6(address) ? 'ipv6' : 'ipv4') ?? true;
  }
}
