import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'tap';
import { FolderConnector } from '../../../../src/orders/delivery/connectors/folder-connector.ts';
import { makeTicket } from '../fixtures.ts';

test('one whole file a revision, however often it is sent', async (t) => {
  const folder = join(t.testdir(), 'orders');
  const connector = new FolderConnector({ kind: 'folder', folder, timeoutMs: 1_000 });
  const accepted = { kind: 'accepted', detail: 'tk_a.r1.json', posOrderId: 'tk_a.r1.json' };
  t.same(await connector.send(makeTicket('a')), accepted);
  t.same(await connector.send(makeTicket('a')), accepted);
  await connector.send(makeTicket('a', { revision: 2, status: 'voided' }));
  t.same(readdirSync(folder).sort(), ['tk_a.r1.json', 'tk_a.r2.json']);
  t.same(JSON.parse(readFileSync(join(folder, 'tk_a.r1.json'), 'utf8')), makeTicket('a'));
});

test('a key is a name and no path', async (t) => {
  const folder = join(t.testdir(), 'orders');
  const connector = new FolderConnector({ kind: 'folder', folder, timeoutMs: 1_000 });
  await connector.send({ ...makeTicket('a'), idempotencyKey: '../../evil' });
  t.same(readdirSync(folder), ['..%2F..%2Fevil.json']);
});

test('a folder that cannot be written is tried again', async (t) => {
  const folder = join(t.testdir(), 'orders');
  writeFileSync(folder, 'a file');
  const connector = new FolderConnector({ kind: 'folder', folder, timeoutMs: 1_000 });
  t.match(await connector.send(makeTicket('a')), { kind: 'retry', detail: /EEXIST|ENOTDIR/ });
  rmSync(folder);
  t.match(await connector.send(makeTicket('a')), { kind: 'accepted' });
});
