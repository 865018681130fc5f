import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import t from 'tap';

const program = resolve(import.meta.dirname, '../../bin/speakerpost.mjs');
const run = (args: readonly string[], node = process.execPath) =>
  spawnSync(node, [program, ...args], { encoding: 'utf8', timeout: 20_000 });

t.test('every command explains itself', async (t) => {
  const help = run(['--help']);
  t.equal(help.status, 0);
  const names = [...help.stdout.matchAll(/^ {2}(\w+) +\S/gm)].map((match) => match[1] ?? '');
  t.same(
    names.toSorted(),
    'bench call demo doctor explain golden menu model persona pos replay serve token trace user'.split(' '),
  );
  for (const name of names) {
    const { status, stdout } = run([name, '--help']);
    t.equal(status, 0, name);
    t.match(stdout, new RegExp(`^Usage: speakerpost ${name}`), name);
  }
});

t.test('wrong usage is told from failure', async (t) => {
  t.equal(run([]).status, 2);
  const unknown = run(['order']);
  t.equal(unknown.status, 2);
  t.match(unknown.stderr, /no command "order"/);
  t.equal(run(['serve', '--no-such-option']).status, 2);
});

t.test('a wrong configuration is named with what to do about it, and nothing starts', async (t) => {
  const file = join(t.testdir(), 'store.yaml');
  writeFileSync(file, 'store: { id: Wrong Id }\n');
  for (const command of ['serve', 'doctor']) {
    const { status, stderr } = run([command, '--config', file]);
    t.equal(status, 1, command);
    t.match(stderr, /CONFIG_INVALID: .*store\.yaml: store\.id is "Wrong Id"/, command);
    t.match(stderr, /What to do: /, command);
  }
});

t.test('an older Node hands over to the one that the project brings', async (t) => {
  const older = ['/usr/bin/node', '/usr/local/bin/node'].find(
    (each) => existsSync(each) && !spawnSync(each, ['--version'], { encoding: 'utf8' }).stdout.startsWith('v24.'),
  );
  if (older === undefined) {
    t.comment('this machine has no other Node: nothing to hand over');
    return;
  }
  const { status, stdout } = run(['--help'], older);
  t.equal(status, 0);
  t.match(stdout, /Usage: speakerpost COMMAND/);
});
