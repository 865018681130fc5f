import type { DestinationStream } from 'pino';
import type { Log } from '../../runtime/log.ts';
import type { PlaneReport } from './messages.ts';

const levels: Readonly<Record<number, 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal'>> = {
  10: 'trace',
  20: 'debug',
  30: 'info',
  40: 'warn',
  50: 'error',
  60: 'fatal',
};

/** The thread's end: log lines go to main, which alone writes. */
export function forwardLog(report: (line: PlaneReport) => void): DestinationStream {
  return {
    write(line) {
      const { level, msg, time: _time, pid: _pid, hostname: _hostname, name: _name, ...fields } = JSON.parse(line);
      report({ kind: 'log', level: levels[level] ?? 'info', message: String(msg ?? ''), fields });
    },
  };
}

/** Main's end: writes a forwarded line with main's own settings. */
export function writeForwarded(log: Log, line: Extract<PlaneReport, { kind: 'log' }>): void {
  const level = Object.values(levels).find((name) => name === line.level) ?? 'info';
  log[level](line.fields, line.message);
}
