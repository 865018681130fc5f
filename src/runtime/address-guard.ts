import { type LookupAddress, lookup as resolveName } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/** RFC 3927, RFC 4291 2.5.6, and where clouds serve machine credentials: no POS lives there. */
const refused = new BlockList();
refused.addSubnet('169.254.0.0', 16, 'ipv4');
refused.addSubnet('fe80::', 10, 'ipv6');
refused.addAddress('fd00:ec2::254', 'ipv6');
refused.addAddress('fd20:ce::254', 'ipv6');
refused.addAddress('100.100.100.200', 'ipv4');
refused.addAddress('168.63.129.16', 'ipv4');
refused.addSubnet('0.0.0.0', 8, 'ipv4');
refused.addAddress('::', 'ipv6');

const metadataNames = new Set(['metadata', 'metadata.google.internal', 'instance-data']);

/** An order is never sent to this address. */
export class AddressRefusedError extends Error {
  override readonly name = 'AddressRefusedError';

  constructor(host: string, address: string) {
    super(`${host === address ? host : `${host} is ${address}, which`} is a link-local or metadata address`);
  }
}

/** True for a link-local, unspecified or cloud metadata address, an IPv4-mapped one included, and for a metadata host's name. */
export function isRefusedHost(host: string): boolean {
  const bare = host
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
    .toLowerCase();
  if (metadataNames.has(bare)) return true;
  const family = isIP(bare.split('%')[0] ?? '');
  return family !== 0 && refused.check(bare.split('%')[0] ?? '', family === 4 ? 'ipv4' : 'ipv6');
}

/** @throws AddressRefusedError for a host that is refused as it is written */
export function refuseHost(host: string): void {
  const bare = host.replace(/^\[|\]$/g, '');
  if (isRefusedHost(bare)) throw new AddressRefusedError(bare, bare);
}

/** `dns.lookup` that refuses a name when any of its addresses is refused; the address looked at is the one connected to. */
export const guardedLookup: LookupFunction = (host, options, done) => {
  resolveName(host, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
    if (error !== null) return done(error, '', 0);
    const bad = addresses.find(({ address }) => isRefusedHost(address));
    if (bad !== undefined) return done(new AddressRefusedError(host, bad.address), '', 0);
    if (options.all === true) return done(null, addresses);
    const first = addresses[0];
    if (first === undefined) return done(new Error(`${host} has no address`), '', 0);
    done(null, first.address, first.family);
  });
};
