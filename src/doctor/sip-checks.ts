import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { StoreConfig } from '../config/store.ts';
import { AddressRanges } from '../runtime/address-ranges.ts';
import { readTlsFiles } from '../sip/transport/tls-files.ts';
import { type Check, type Finding, failed, ok, warning } from './checks.ts';
import { canBindTcp } from './try-bind.ts';

/** Time enough to have a certificate renewed before cars meet a silent post. */
const EXPIRES_SOON_DAYS = 21;
const DAY_MS = 86_400_000;

/** RFC 1918, RFC 6598 (carriers), link-local, loopback, unique local: what the internet does not reach. */
const PRIVATE = new AddressRanges([
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  '169.254.0.0/16',
  '127.0.0.0/8',
  'fc00::/7',
  'fe80::/10',
  '::1',
]);

/** A trunk with this many addresses is no list of devices any more. */
const WIDE_PREFIX = { ipv4: 16, ipv6: 48 } as const;

export function sipChecks(config: StoreConfig): readonly Check[] {
  const { tls } = config.sip;
  return [
    { name: 'SIP streams', run: () => checkStreams(config) },
    ...(tls === null ? [] : [{ name: 'SIP cert', run: async () => checkCertificate(config, tls, Date.now()) }]),
    { name: 'SIP exposure', run: async () => checkExposure(config.sip) },
    { name: 'transfers', run: async () => checkTransfers(config.sip.trunks) },
  ];
}

async function checkStreams({ sip }: StoreConfig): Promise<Finding> {
  const ports = [
    ...(sip.tcpPort === null ? [] : [{ setting: 'sip.tcpPort', port: sip.tcpPort }]),
    ...(sip.tls === null ? [] : [{ setting: 'sip.tls.port', port: sip.tls.port }]),
  ];
  if (ports.length === 0 && sip.bind.startsWith('127.')) return ok('none, and none needed on loopback');
  if (ports.length === 0)
    return warning(
      'no TCP: messages over 1,300 bytes go by UDP in pieces',
      'Set sip.tcpPort to the number of sip.port',
    );
  for (const { setting, port } of ports)
    if (!(await canBindTcp(sip.bind, port)))
      return failed(
        `tcp/${sip.bind}:${port} cannot be bound`,
        `Stop what uses it (ss -ltnp), or set ${setting} to a free port`,
      );
  return ok(`${ports.map(({ port }) => `tcp/${sip.bind}:${port}`).join(', ')} free`);
}

/** `nowWallMs` is handed in so that a test can look at a certificate on any day. */
export function checkCertificate(
  { sip }: StoreConfig,
  { port, cert, key, ca, verifyPeers }: NonNullable<StoreConfig['sip']['tls']>,
  nowWallMs: number,
): Finding {
  readTlsFiles({ port, certFile: cert, keyFile: key, caFile: ca, verifyPeers });
  const certificate = new X509Certificate(readFileSync(cert));
  const { subject, subjectAltName, validFrom, validTo } = certificate;
  const renew = 'Renew it; the gateway takes a new one without a restart';
  if (Date.parse(validTo) <= nowWallMs) return failed(`${cert} expired on ${validTo}`, renew);
  if (Date.parse(validFrom) > nowWallMs)
    return failed(`${cert} is not valid before ${validFrom}`, 'Set the clock, or take another certificate');
  const days = Math.floor((Date.parse(validTo) - nowWallMs) / DAY_MS);
  const what = `${subjectAltName ?? subject.replaceAll('\n', ', ')}, ${days} days left`;
  if (days < EXPIRES_SOON_DAYS) return warning(what, renew);
  const address = sip.externalAddress ?? sip.bind;
  return certificate.checkIP(address) === undefined
    ? warning(
        `${what}; it does not name ${address}`,
        `Devices that check names must dial a name of the certificate; or take one with IP:${address}`,
      )
    : ok(what);
}

function checkExposure({ bind, bind6, externalAddress, trunks }: StoreConfig['sip']): Finding {
  const own = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map((each) => each.address));
  const bound = bind === '0.0.0.0' ? own.filter((each) => isIP(each) === 4) : [bind];
  const addresses = [
    ...bound,
    ...(bind6 === null ? [] : [bind6]),
    ...(externalAddress === null ? [] : [externalAddress]),
  ];
  const open = addresses.filter((each) => !PRIVATE.has(each));
  const wide = trunks.filter((trunk) => trunk.allow.some(isWide) && trunk.users.length === 0).map(({ id }) => id);
  const remedy = 'Put a firewall before it that lets only the PBX in, keep allow narrow, and give the trunk users';
  if (wide.length > 0)
    return warning(
      `trunk ${wide.join(', ')} lets whole networks in without a password`,
      `${remedy}, or name the devices`,
    );
  return open.length === 0
    ? ok('private addresses, listed callers')
    : warning(`${[...new Set(open)].join(', ')} is a public address: scanners find it within hours`, remedy);
}

function isWide(range: string): boolean {
  const [address = '', prefix] = range.split('/');
  const isLocal = PRIVATE.has(address);
  return (
    prefix !== undefined && !isLocal && Number(prefix) < (address.includes(':') ? WIDE_PREFIX.ipv6 : WIDE_PREFIX.ipv4)
  );
}

function checkTransfers(trunks: StoreConfig['sip']['trunks']): Finding {
  const useless = trunks.filter((trunk) => trunk.transfer && trunk.numbers.length === 0);
  const closed = trunks.filter((trunk) => !trunk.transfer && trunk.numbers.length > 0);
  const open = trunks.filter((trunk) => trunk.transfer && trunk.numbers.length > 0);
  if (useless.length > 0)
    return warning(`trunk ${useless.map(({ id }) => id).join(', ')} may transfer, but to no number`, 'List numbers');
  if (closed.length > 0)
    return warning(
      `trunk ${closed.map(({ id }) => id).join(', ')} lists numbers, but may not transfer`,
      'Set transfer: true, or remove the numbers',
    );
  const unproven = open.filter((trunk) => trunk.users.length === 0 && trunk.match.fromUser !== null);
  if (unproven.length > 0)
    return warning(
      `trunk ${unproven.map(({ id }) => id).join(', ')} may transfer on the word of its From`,
      'Give it an address of its own or users: anybody can write a From',
    );
  const allowed = open.map(({ id, numbers }) => `${id} to ${numbers.join(', ')}`).join('; ');
  return ok(allowed === '' ? 'nobody' : allowed);
}
