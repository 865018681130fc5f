import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import t, { type Test } from 'tap';
import { eventually } from '../support/eventually.ts';
import { writeTestStore } from '../support/gateway.ts';

const program = resolve(import.meta.dirname, '../../bin/speakerpost.mjs');
const older = ['/usr/bin/node', '/usr/local/bin/node'].find(existsSync);

interface Started {
  /** Signals the whole process group, as a terminal does. */
  signal(name: NodeJS.Signals): void;
  readonly pid: number;
  /** Resolves when this has been written. */
  wrote(text: string): Promise<void>;
  readonly exit: Promise<number | null>;
  /** Where the gateway has its sockets. */
  readonly temporary: string;
  readonly dataDirectory: string;
}

async function start(t: Test, node: string): Promise<Started> {
  const directory = t.testdir();
  // Short: a socket's path has 107 characters.
  const temporary = join('/tmp', `sp-signals-${process.pid}`);
  mkdirSync(temporary, { recursive: true });
  const store = await writeTestStore(directory, 'http://127.0.0.1:9/orders');
  const child = spawn(node, [program, 'serve', '--config', store.configFile], {
    detached: true,
    env: { ...process.env, TMPDIR: temporary },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const { pid = 0 } = child;
  let text = '';
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  const exit = new Promise<number | null>((done) => child.once('exit', done));
  t.teardown(() => {
    if (child.exitCode === null && child.signalCode === null) process.kill(-pid, 'SIGKILL');
    rmSync(temporary, { recursive: true, force: true });
  });
  return {
    pid,
    temporary,
    dataDirectory: join(directory, 'data'),
    signal: (name) => process.kill(-pid, name),
    exit,
    wrote: (wanted) =>
      new Promise((done, fail) => {
        const look = () => text.includes(wanted) && done();
        child.stdout.on('data', look);
        child.once('exit', () => fail(new Error(`ended before it wrote ${wanted}: ${text}`)));
        look();
      }),
  };
}

/** Ids of the processes that were started with this folder for temporary files: the gateway and every child of it. */
function processesOf(temporary: string): string[] {
  return readdirSync('/proc').filter((id) => {
    try {
      return /^\d+$/.test(id) && readFileSync(`/proc/${id}/environ`, 'utf8').includes(`TMPDIR=${temporary}\0`);
    } catch {
      return false; // it has just ended
    }
  });
}

const nothingLeft = ({ temporary }: Started) =>
  eventually('no process and no socket is left', 8_000, () =>
    processesOf(temporary).length === 0 && !readdirSync(temporary).some((name) => name.startsWith('speakerpost-'))
      ? true
      : null,
  );

t.test('Ctrl-C during the start and after it leaves nothing behind', { timeout: 60_000 }, async (t) => {
  // Under an older Node the signal comes twice: from the terminal, and from the process that started ours.
  const node = older ?? process.execPath;
  const early = await start(t, node);
  await eventually('it has begun', 10_000, () => (existsSync(early.dataDirectory) ? true : null));
  early.signal('SIGINT');
  t.equal(await early.exit, 0);
  await nothingLeft(early);

  const running = await start(t, node);
  await running.wrote('take orders');
  running.signal('SIGINT');
  t.equal(await running.exit, 0, 'the signal came to every process of the group, and was one wish');
  await nothingLeft(running);
});

t.test('a gateway that is killed under an older Node is dead', { timeout: 60_000 }, async (t) => {
  if (older === undefined) return void t.comment('this machine has no other Node');
  const running = await start(t, older);
  await running.wrote('take orders');
  process.kill(running.pid, 'SIGKILL');
  await nothingLeft(running);
});
