import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface ServerProgram {
  readonly program: string;
  readonly args: readonly string[];
  /** Where it tells of itself. */
  readonly speaksOn: 'stdout' | 'stderr';
  /** What it says when it can be used. */
  readonly ready: string;
  readonly uid?: number;
  readonly gid?: number;
}

/** A queue's server in a folder of its own: killed, it comes back empty. */
export abstract class DisposableServer {
  abstract readonly url: string;
  protected readonly directory: string;
  #server: ChildProcess | null = null;

  constructor(name: string) {
    this.directory = mkdtempSync(join(tmpdir(), `speakerpost-${name}-`));
  }

  abstract start(): Promise<void>;

  /** Resolves when it says that it is ready. */
  protected async run({ program, args, speaksOn, ready, ...user }: ServerProgram): Promise<void> {
    const stdio = { stdout: ['ignore', 'pipe', 'ignore'], stderr: ['ignore', 'ignore', 'pipe'] } as const;
    const server = spawn(program, args, { ...user, cwd: this.directory, stdio: [...stdio[speaksOn]] });
    this.#server = server;
    let said = '';
    for await (const chunk of server[speaksOn] ?? []) {
      said += String(chunk);
      if (!said.includes(ready)) continue;
      server[speaksOn]?.resume();
      return;
    }
    throw new Error(`${program} ended: ${said}`);
  }

  /** kill -9; everything that it held is gone. */
  async kill(): Promise<void> {
    const server = this.#server;
    if (server === null) return;
    const exit = once(server, 'exit');
    server.kill('SIGKILL');
    await exit;
    this.#server = null;
  }

  async remove(): Promise<void> {
    await this.kill();
    rmSync(this.directory, { recursive: true, force: true });
  }
}
