import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { Log } from '../../runtime/log.ts';
import type { Binding } from './binding.ts';

const FORMAT = 1;

/**
 * Bindings on disk, so that devices that registered for an hour are reached after a restart. It is replaced whole; no password is in it.
 * One that cannot be read is left for good and begun anew: devices register again by themselves.
 */
export function readBindings(file: string, log: Log): Binding[] {
  try {
    const stored = JSON.parse(readFileSync(file, 'utf8')) as { format?: unknown; bindings?: unknown };
    if (stored.format !== FORMAT || !Array.isArray(stored.bindings)) throw new Error('not a file of this version');
    return stored.bindings.filter(isBinding);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT'))
      log.warn({ err: error, file }, 'registrations not read: devices must register again');
    return [];
  }
}

/** @throws what the file system says */
export function writeBindings(file: string, bindings: readonly Binding[]): void {
  const next = `${file}.next`;
  writeFileSync(next, JSON.stringify({ format: FORMAT, bindings }), { mode: 0o600 });
  renameSync(next, file);
}

function isBinding(value: unknown): value is Binding {
  if (typeof value !== 'object' || value === null) return false;
  const { name, uri, protocol, address, port, expiresWallMs, callId, sequence } = value as Record<string, unknown>;
  return (
    [name, uri, address, callId].every((each) => typeof each === 'string') &&
    [port, expiresWallMs, sequence].every((each) => typeof each === 'number') &&
    (protocol === 'udp' || protocol === 'tcp' || protocol === 'tls')
  );
}
