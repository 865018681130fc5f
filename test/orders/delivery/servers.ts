import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { chownSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Test } from 'tap';
import { debianProgram } from '../../support/debian.ts';

const NOBODY = 65_534;

/** A Redis of the test's own on loopback, ended with it; null after skipping the test. */
export async function startRedis(test: Test): Promise<string | null> {
  const program = debianProgram(test, 'redis-server');
  if (program === null) return null;
  const port = await freePort();
  const directory = temporaryDirectory(test);
  const server = spawn(program, ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', directory, '--save', ''], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  endWithTest(test, server);
  await says(server.stdout, 'Ready to accept connections');
  return `redis://127.0.0.1:${port}`;
}

/** A PostgreSQL of the test's own on loopback, ended with it; null after skipping the test. It refuses to run as root. */
export async function startPostgres(test: Test): Promise<string | null> {
  const program = debianProgram(test, 'postgres');
  if (program === null) return null;
  const port = await freePort();
  const directory = temporaryDirectory(test);
  const user = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  if ('uid' in user) chownSync(directory, NOBODY, NOBODY);
  const data = join(directory, 'data');
  const options = ['-D', data, '-A', 'trust', '-U', 'postgres', '--no-sync', '-E', 'UTF8', '--locale=C'];
  execFileSync(join(dirname(program), 'initdb'), options, { ...user, cwd: directory, stdio: 'ignore' });
  const server = spawn(program, ['-D', data, '-p', `${port}`, '-h', '127.0.0.1', '-k', directory], {
    ...user,
    cwd: directory,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  endWithTest(test, server);
  await says(server.stderr, 'ready to accept connections');
  return `postgres://postgres@127.0.0.1:${port}/postgres`;
}

function temporaryDirectory(test: Test): string {
  const directory = mkdtempSync(join(tmpdir(), 'speakerpost-'));
  test.teardown(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}

/** SIGINT: a fast shutdown for both. */
function endWithTest(test: Test, server: ChildProcess): void {
  test.teardown(async () => {
    if (server.exitCode !== null) return;
    const exit = new Promise((resolve) => server.once('exit', resolve));
    server.kill('SIGINT');
    await exit;
  });
}

async function says(output: NodeJS.ReadableStream, text: string): Promise<void> {
  let said = '';
  for await (const chunk of output) {
    said += String(chunk);
    if (!said.includes(text)) continue;
    output.resume();
    return;
  }
  throw new Error(`the server ended: ${said}`);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
