import { type DestinationStream, type Logger, pino, type TransportTargetOptions } from 'pino';

export type Log = Logger;

export interface LogOptions {
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** `pretty` for a person at a terminal, `json` for a log collector. */
  readonly format: 'pretty' | 'json';
  /** Guest speech is kept out of the log unless this is set; it only ever stands under the key `pii`. */
  readonly includePii: boolean;
}

/**
 * The process's log. Messages are static strings, values are fields; whatever a guest or the agent said sits only under
 * the key `pii`, which is removed unless the operator asked for it. `sink` takes the lines instead of standard output.
 */
export function createLog(name: string, options: LogOptions, sink?: DestinationStream): Log {
  const target: TransportTargetOptions | undefined =
    options.format === 'pretty'
      ? { target: 'pino-pretty', options: { destination: 2, ignore: 'pid,hostname', translateTime: 'HH:MM:ss.l' } }
      : undefined;
  const settings = {
    name,
    level: options.level,
    redact: options.includePii ? [] : { paths: ['pii', '*.pii'], remove: true },
  };
  if (sink !== undefined) return pino(settings, sink);
  return pino(target === undefined ? settings : { ...settings, transport: target });
}

/** A log that says nothing: for tests. */
export const silentLog: Log = pino({ level: 'silent' });
