import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { takeDataDirectory } from '../../src/records/data-directory.ts';

const source = new URL('../../src/records/data-directory.ts', import.meta.url).href;

/** Another process that takes the directory and dies without giving it back. */
function takeElsewhere(directory: string): string {
  const program = `import { takeDataDirectory } from ${JSON.stringify(source)};
    try { takeDataDirectory(${JSON.stringify(directory)}); console.log('taken'); } catch (error) { console.log(error.code); }
    process.kill(process.pid, 'SIGKILL');`;
  const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' });
  return stdout.trim();
}

test('one gateway at a time has a data directory, and one that was killed does not keep it', async (t) => {
  const directory = join(t.testdir(), 'new', 'data');
  const giveBack = takeDataDirectory(directory);
  t.equal(takeElsewhere(directory), 'DATA_DIRECTORY_IN_USE');
  giveBack();
  t.equal(takeElsewhere(directory), 'taken');
  takeDataDirectory(directory)();
});

test('a data directory that cannot be is told with its name', async (t) => {
  const file = join(t.testdir(), 'file');
  writeFileSync(file, '');
  t.throws(() => takeDataDirectory(join(file, 'data')), {
    code: 'DATA_DIRECTORY_UNUSABLE',
    message: /file\/data cannot be used: ENOTDIR/,
  });
});
