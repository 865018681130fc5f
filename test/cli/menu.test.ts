import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { test } from 'tap';
import { readMenu } from '../../src/orders/menu/menu.ts';

const ROOT = resolve(import.meta.dirname, '../..');

function speakerpost(...args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  return new Promise((done) => {
    execFile(process.execPath, [resolve(ROOT, 'bin/speakerpost.mjs'), ...args], { cwd: ROOT }, (error, out, err) => {
      done({ code: error === null ? 0 : Number(error.code), out, err });
    });
  });
}

test('a table is imported and checked, and what is ambiguous is said', async (t) => {
  const directory = t.testdir({
    'menu.csv': 'item,category,price,aliases\nTea,drinks,2.00,hot drink\nCoffee,drinks,3,hot drink\n',
    'bad.csv': 'item,price\nTea,free\n',
  });
  const out = `${directory}/menu.json`;
  const imported = await speakerpost(
    'menu',
    'import',
    '--from',
    'csv',
    `${directory}/menu.csv`,
    '--id',
    'cafe',
    '--name',
    'Tea House',
    '--out',
    out,
  );
  t.equal(imported.code, 0, imported.err);
  t.match(imported.err, /2 items.*to look at\n(.*\n)*.*"hot drink" may mean Tea or Coffee/);
  t.match(imported.err, /"tea" \(Tea\) is in the store's name/);
  t.match(readMenu(out).items, [
    { id: 'tea', priceCents: 200 },
    { id: 'coffee', priceCents: 300 },
  ]);
  const checked = await speakerpost('menu', 'check', out);
  t.equal(checked.code, 0);
  t.match(checked.out, /may mean Tea or Coffee/);
  const refused = await speakerpost(
    'menu',
    'import',
    '--from',
    'csv',
    `${directory}/bad.csv`,
    '--id',
    'x',
    '--name',
    'X',
  );
  t.equal(refused.code, 1);
  t.match(refused.err, /MENU_IMPORT_INVALID: .*row 2: "free" is no price/);
  t.equal((await speakerpost('menu', 'import', '--from', 'paper', 'x')).code, 2);
  t.ok(readFileSync(out, 'utf8').endsWith('\n'));
});

test("a lane's role text is shown, with what it takes of the model's context where that is there", async (t) => {
  const shown = await speakerpost('persona', 'show', 'config/jerusalem-shakshuka.yaml');
  t.match(shown.out, /lane-1: shakshuka-.*menu jerusalem_shakshuka/);
  t.match(
    shown.out,
    /^You work for Jerusalem Shakshuka which is a restaurant and your name is Owen Foster\. Information: /m,
  );
  t.match(shown.out, /\d+ characters; not counted in tokens:|tokens of/);
  t.equal((await speakerpost('persona', 'hide')).code, 2);
});
