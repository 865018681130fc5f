import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'tap';
import { type LanePersona, StoreLanes } from '../../src/calls/store-lanes.ts';
import { readStoreConfig } from '../../src/config/store.ts';
import { MenuBook } from '../../src/orders/menu/menu-book.ts';
import type { ErrorRecord } from '../../src/runtime/errors.ts';
import { FakeClock } from '../../src/runtime/fake-clock.ts';

const shipped = resolve(import.meta.dirname, '../../config/jerusalem-shakshuka.yaml');
const settle = () => new Promise((done) => setImmediate(done));

test('the next car has the persona and the menu of the moment, the car before keeps its own', async (t) => {
  const config = readStoreConfig(shipped);
  const directory = t.testdir();
  const clock = new FakeClock(Date.parse('2026-11-25T12:00:00-05:00'));
  const menuFile = join(directory, 'menu.json');
  writeFileSync(menuFile, readFileSync(config.lanes[0]?.menuFile ?? '', 'utf8'));
  const store = { ...config, lanes: config.lanes.map((lane) => ({ ...lane, menuFile })) };
  const menus = new MenuBook(
    { files: [menuFile], stockFile: join(directory, 'stock.json'), timezone: config.store.timezone },
    { clock, onFault: t.fail },
  );
  const lanes = new StoreLanes(store, '1.0.0', menus);
  const learned: LanePersona[] = [];
  const faults: ErrorRecord[] = [];
  let learning = Promise.withResolvers<void>();
  lanes.follow({
    learn: (persona) => {
      learned.push(persona);
      return learning.promise;
    },
    onFault: (error) => faults.push(error),
  });
  const [lane] = lanes.lanes;
  const [first] = lanes.personas;
  t.match(
    first?.text,
    /^You work for Jerusalem Shakshuka which is a restaurant and your name is Owen Foster\. Information: /,
  );
  t.notMatch(first?.text, /Out of stock/);
  const before = lane?.now();
  t.equal(before?.personaId, first?.id);

  menus.setStock('jerusalem_shakshuka', { kind: 'item', id: 'lemonade' }, true, null);
  t.match(learned[0]?.text, /Out of stock today, do not sell: Mint Lemonade\./);
  t.equal(lane?.now().personaId, first?.id, 'not before the engine knows it');
  learning.resolve();
  await settle();
  t.equal(lane?.now().personaId, learned[0]?.id);
  const reads = (open: typeof before) => {
    const extractor = open?.createExtractor();
    for (const piece of ['Okay, ', 'one ', 'mint ', 'lemonade. ', 'Please ', 'pull ', 'forward. '])
      extractor?.push({ piece, atMs: 100 });
    return extractor?.orders[0]?.reviewReasons.includes('out_of_stock_in_ticket');
  };
  t.same([reads(before), reads(lane?.now())], [false, true]);

  menus.setStock('jerusalem_shakshuka', { kind: 'option', id: 'shak/feta' }, true, null);
  const without = lane?.now().createExtractor();
  for (const piece of ['One ', 'classic ', 'with ', 'feta. ', 'Please ', 'pull ', 'forward. '])
    without?.push({ piece, atMs: 100 });
  t.match(without?.orders[0]?.reviewReasons, ['out_of_stock_in_ticket']);
  menus.setStock('jerusalem_shakshuka', { kind: 'option', id: 'shak/feta' }, false, null);
  learned.length = 1;

  learning = Promise.withResolvers();
  clock.advance(6 * 3_600_000);
  menus.look();
  t.match(learned[1]?.text, /Offer a mint lemonade once/, 'the evening has its own upsell');
  menus.setStock('jerusalem_shakshuka', { kind: 'item', id: 'lemonade' }, false, null);
  learning.resolve();
  await settle();
  t.equal(lane?.now().personaId, learned[2]?.id, 'the last one counts');
  learning = Promise.withResolvers();
  menus.setStock('jerusalem_shakshuka', { kind: 'item', id: 'water' }, true, null);
  learning.reject(new Error('no voice'));
  await settle();
  t.match(faults, [{ code: 'INTERNAL' }]);
  t.equal(lane?.now().personaId, learned[2]?.id, 'what the engine does not take is not used');
});
