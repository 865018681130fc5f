import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'tap';
import { openAccess } from '../../src/access/access.ts';
import { systemClock } from '../../src/runtime/clock.ts';

const root = resolve(import.meta.dirname, '../..');

test('accounts are listed, made, changed and removed from the command line', async (t) => {
  const directory = t.testdir({});
  const config = `${directory}/store.yaml`;
  const at = (path: string) => `${root}/${path}`;
  writeFileSync(
    config,
    JSON.stringify({
      store: { id: 'barn', name: 'Barn', timezone: 'UTC' },
      dataDirectory: `${directory}/data`,
      engine: { model: at('models/nano') },
      lanes: [
        {
          id: 'lane-1',
          trunk: 'loopback',
          menu: at('config/menus/nano-barn.json'),
          persona: at('config/personas/nano.yaml'),
        },
      ],
      calls: { apology: at('assets/apology.wav') },
      orders: { pos: { kind: 'folder', folder: `${directory}/pos` } },
    }),
  );
  const run = (input: string, ...args: string[]) =>
    spawnSync(process.execPath, [`${root}/bin/speakerpost.mjs`, 'user', ...args, '--config', config], {
      encoding: 'utf8',
      input,
      timeout: 30_000,
    });

  const shown = run('', 'add', 'one', '--role', 'admin');
  t.equal(shown.status, 0, shown.stderr);
  t.match(shown.stdout, /password is [a-z1-9]{24}/);
  t.equal(run('a password of my own\n', 'add', 'ana', '--role', 'crew').status, 0);
  t.equal(run('', 'role', 'ana', '--role', 'manager').status, 0);
  t.match(run('', 'list').stdout, /^ana +manager +never signed in\none +admin/m);

  const access = await openAccess(`${directory}/data`, systemClock);
  t.teardown(() => access.close());
  t.equal((await access.people.authenticate('ana', 'a password of my own'))?.role, 'manager');
  const { id } = access.sessions.open('ana');
  t.equal(run('another of my own\n', 'password', 'ana').status, 0);
  t.equal(access.sessions.find(id), null, 'signed out by the other process');

  t.match(run('', 'remove', 'one').stderr, /ACCESS_LAST_ADMIN/);
  t.equal(run('', 'remove', 'ana').status, 0);
  t.match(run('', 'remove', 'ana').stderr, /ACCESS_NO_SUCH_PERSON/);
  for (const args of [
    [],
    ['add', 'x'],
    ['add', '--role', 'crew'],
    ['role', 'one', '--role', 'king'],
    ['list', 'one'],
    ['fire', 'one'],
  ]) {
    t.equal(run('', ...args).status, 2, args.join(' '));
  }
});
