import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { startDemoPos } from '../../src/demo-pos/demo-pos.ts';
import { SQUARE_TOKEN, startFakeSquare } from '../support/fake-pos/square.ts';
import { POS_SECRET, writeTestStore } from '../support/gateway.ts';

const PROGRAM = join(import.meta.dirname, '../../bin/speakerpost.mjs');

async function pos(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const child = spawn(process.execPath, [PROGRAM, 'pos', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const text = { out: '', err: '' };
  child.stdout.on('data', (chunk) => {
    text.out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    text.err += chunk;
  });
  const [code] = await once(child, 'close');
  return { code, ...text };
}

t.test('pos says how it is used', async (t) => {
  t.match(await pos('--help'), { code: 0, out: /Usage: speakerpost pos test/ });
  t.match(await pos(), { code: 2, err: /Usage: speakerpost pos test/ });
  t.match(await pos('tset'), { code: 2 });
});

t.test('pos test sends a marked order, says what came back, and takes it back', async (t) => {
  const server = await startDemoPos({ secret: POS_SECRET, port: 0 });
  t.teardown(() => server.close());
  const { configFile } = await writeTestStore(t.testdir(), server.url);
  const { code, out } = await pos('test', '--config', configFile);
  t.equal(code, 0, out);
  t.match(out, /webhook: sending tk_test-\w+_1, 1 x cheeseburger\naccepted \(HTTP 200, the POS calls it pos-1\) after/);
  t.match(out, /taking it back: accepted/);
  t.match(server.orders, [
    { ticket: { status: 'confirmed', notes: [{ text: /TEST ORDER/ }], lines: [{ note: /TEST ORDER/ }] } },
    { ticket: { status: 'voided', revision: 2 } },
  ]);
  t.match(await pos('test', '--keep', '--config', configFile), { code: 0 });
  t.equal(server.orders.length, 3);
});

t.test('pos test says what is wrong', async (t) => {
  const nobody = await writeTestStore(t.testdir({}), 'http://127.0.0.1:1/');
  t.match(await pos('test', '--config', nobody.configFile), { code: 1, out: /not taken.*ECONNREFUSED/ });
  const square = await startFakeSquare({});
  t.teardown(() => square.close());
  const folder = t.testdir({ square: {} });
  const { configFile } = await writeTestStore(join(folder, 'square'), '', {
    store: { externalId: 'LQ3N' },
    orders: { pos: { kind: 'square', url: square.url, accessToken: SQUARE_TOKEN } },
  });
  t.match(await pos('test', '--config', configFile), {
    code: 1,
    out: /refused \(the menu has no posRef\.square for "cheeseburger"/,
  });
});

t.test('pos test to a folder', async (t) => {
  const folder = t.testdir();
  const { configFile } = await writeTestStore(folder, '', { orders: { pos: { kind: 'folder', folder: 'out' } } });
  t.match(await pos('test', '--config', configFile), { code: 0 });
  t.equal(readdirSync(join(folder, 'out')).length, 2);
});
