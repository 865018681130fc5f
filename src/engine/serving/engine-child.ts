import { fork } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { EngineCommand, EngineReport } from './process-messages.ts';

/** A running engine process, as the supervisor sees it. */
export interface EngineChild {
  readonly pid: number | null;
  send(command: EngineCommand): void;
  onReport(listener: (report: EngineReport) => void): void;
  /** One line of its standard output or error: native libraries write there. */
  onLine(listener: (line: string) => void): void;
  /** `how`: an exit code, a signal, or why it could not be started. Once. */
  onExit(listener: (how: string) => void): void;
  /** SIGKILL, by process id. */
  kill(): void;
}

/** Starts `entry` with this process's Node. */
export function forkEngine(entry: URL): EngineChild {
  const child = fork(fileURLToPath(entry), [], {
    execPath: process.execPath,
    execArgv: [],
    // A group of its own: Ctrl-C, which goes to the terminal's whole group, must not end it before the calls.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    serialization: 'advanced',
  });
  return {
    pid: child.pid ?? null,
    send(command) {
      if (child.connected) child.send(command, () => {}); // a child that died is met by its exit
    },
    onReport: (listener) => child.on('message', (report) => listener(report as EngineReport)),
    onLine(listener) {
      for (const stream of [child.stdout, child.stderr])
        if (stream !== null) createInterface({ input: stream }).on('line', (line) => listener(line.slice(0, 500)));
    },
    onExit(listener) {
      let told = false;
      const tell = (how: string) => {
        if (!told) listener(how);
        told = true;
      };
      child.on('exit', (code, signal) => tell(signal ?? `exit code ${code}`));
      child.on('error', (error) => tell(error.message));
    },
    kill: () => child.kill('SIGKILL'),
  };
}
