import { execFileSync } from 'node:child_process';
import { chownSync, globSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DisposableServer } from './disposable-server.ts';

/** PostgreSQL refuses to run as root. */
const NOBODY = 65_534;

/** A PostgreSQL of its own: every job and every table is gone when it is started again. */
export class DisposablePostgres extends DisposableServer {
  readonly url: string;
  readonly #port: number;
  readonly #user = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  readonly #program: string;

  constructor(port: number) {
    super('postgres');
    this.#port = port;
    this.url = `postgres://postgres@127.0.0.1:${port}/postgres`;
    const [program] = globSync('/usr/lib/postgresql/*/bin/postgres');
    if (program === undefined) throw new Error('install postgresql');
    this.#program = program;
    if ('uid' in this.#user) chownSync(this.directory, NOBODY, NOBODY);
  }

  async start(): Promise<void> {
    const data = join(this.directory, 'data');
    rmSync(data, { recursive: true, force: true });
    const options = ['-D', data, '-A', 'trust', '-U', 'postgres', '--no-sync', '-E', 'UTF8', '--locale=C'];
    const initdb = join(dirname(this.#program), 'initdb');
    execFileSync(initdb, options, { ...this.#user, cwd: this.directory, stdio: 'ignore' });
    await this.run({
      program: this.#program,
      args: ['-D', data, '-p', `${this.#port}`, '-h', '127.0.0.1', '-k', this.directory, '-c', 'fsync=off'],
      speaksOn: 'stderr',
      ready: 'ready to accept connections',
      ...this.#user,
    });
  }
}
