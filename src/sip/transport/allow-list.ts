import { AddressRanges } from '../../runtime/address-ranges.ts';

/** Who may send requests. `null` lets everybody in. */
export class AllowList {
  readonly #sources: AddressRanges | null;

  constructor(ranges: readonly string[] | null) {
    this.#sources = ranges === null ? null : new AddressRanges(ranges);
  }

  has(address: string): boolean {
    return this.#sources?.has(address) ?? true;
  }
}
