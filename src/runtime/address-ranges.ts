import { BlockList, isIP, isIPv6 } from 'node:net';

/** A set of IP addresses, given as `192.168.1.20` or `192.168.1.0/24` each; `isAddressRange` says of a text whether it is one. */
export class AddressRanges {
  readonly #list = new BlockList();

  /** @throws RangeError, or Node's own error, on what is no range: configuration is checked where it is read */
  constructor(ranges: readonly string[]) {
    for (const range of ranges) {
      const [address = '', prefix, more] = range.split('/');
      const isPrefix = prefix === undefined || /^\d{1,3}$/.test(prefix);
      if (isIP(address) === 0 || !isPrefix || more !== undefined)
        throw new RangeError(`"${range}" is no address range`);
      if (prefix === undefined) this.#list.addAddress(address, familyOf(address));
      else this.#list.addSubnet(address, Number(prefix), familyOf(address));
    }
  }

  has(address: string): boolean {
    return this.#list.check(address, familyOf(address));
  }
}

export function isAddressRange(text: string): boolean {
  try {
    new AddressRanges([text]);
    return true;
  } catch {
    return false;
  }
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4';
}
