import { BlockList, isIP } from 'node:net';
import type { Request } from 'express';

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** True for 127.0.0.0/8, ::1, their IPv4-mapped form and `localhost`. */
export function isLoopback(address: string): boolean {
  if (address === 'localhost') return true;
  const plain = address.replace(/^::ffff:/i, '');
  const family = isIP(plain);
  return family !== 0 && loopback.check(plain, family === 4 ? 'ipv4' : 'ipv6');
}

/** True when the connection comes from this machine. Says nothing behind a proxy, whose connections all look local. */
export function isLocalPeer(request: Request): boolean {
  return isLoopback(request.socket.remoteAddress ?? '');
}

/**
 * True when the Host header names loopback. A page elsewhere that rebinds its own name to 127.0.0.1 sends its own name here.
 */
export function namesLoopback(host: string | undefined): boolean {
  const name = /^(\[[^\]]*\]|[^:]*)(:\d+)?$/.exec(host ?? '')?.[1] ?? '';
  return isLoopback(name.toLowerCase().replace(/^\[|\]$/g, ''));
}

/** True unless a browser says that another site's page sent the request (Fetch Metadata; Origin where it is missing). */
export function isSameOrigin(request: Request): boolean {
  const site = request.get('sec-fetch-site');
  if (site !== undefined) return site === 'same-origin' || site === 'none';
  const origin = request.get('origin');
  if (origin === undefined) return true;
  return URL.canParse(origin) && new URL(origin).host === request.get('host');
}
