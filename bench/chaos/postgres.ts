import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** PostgreSQL refuses to run as root. */
const NOBODY = 65_534;

/** A PostgreSQL of its own; killed, it comes back as a new empty one: every job and every table is gone. */
export class DisposablePostgres {
  readonly url: string;
  readonly #port: number;
  readonly #directory = mkdtempSync(join(tmpdir(), 'speakerpost-postgres-'));
  readonly #user = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  readonly #program: string;
  #server: ChildProcess | null = null;

  constructor(port: number) {
    this.#port = port;
    this.url = `postgres://postgres@127.0.0.1:${port}/postgres`;
    const [program] = globSync('/usr/lib/postgresql/*/bin/postgres');
    if (program === undefined) throw new Error('install postgresql');
    this.#program = program;
    if ('uid' in this.#user) chownSync(this.#directory, NOBODY, NOBODY);
  }

  async start(): Promise<void> {
    const data = join(this.#directory, 'data');
    rmSync(data, { recursive: true, force: true });
    const options = ['-D', data, '-A', 'trust', '-U', 'postgres', '--no-sync', '-E', 'UTF8', '--locale=C'];
    const own = { ...this.#user, cwd: this.#directory };
    execFileSync(join(dirname(this.#program), 'initdb'), options, { ...own, stdio: 'ignore' });
    const server = spawn(
      this.#program,
      ['-D', data, '-p', `${this.#port}`, '-h', '127.0.0.1', '-k', this.#directory, '-c', 'fsync=off'],
      { ...own, stdio: ['ignore', 'ignore', 'pipe'] },
    );
    this.#server = server;
    let said = '';
    for await (const chunk of server.stderr) {
      said += String(chunk);
      if (!said.includes('ready to accept connections')) continue;
      server.stderr.resume();
      return;
    }
    throw new Error(`postgres ended: ${said}`);
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
    rmSync(this.#directory, { recursive: true, force: true });
  }
}
