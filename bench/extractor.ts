import { createOrderExtractor } from '../src/orders/extraction/order-extractor.ts';
import { loadMenu } from '../src/orders/menu/menu.ts';
import { piecesOf } from '../test/eval/pieces.ts';
import { menuJson, readRows } from '../test/eval/rows.ts';
import { machine, quantile } from './figures.ts';

/**
 * What a piece costs the extractor, as a distribution; and whether a piece late in a long call costs more than an early one.
 * Run: node bench/extractor.ts
 */
const FRAME_MS = 80;
const rows = readRows('data/dev.jsonl');
const menus = new Map([...new Set(rows.map(({ menu }) => menu))].map((name) => [name, loadMenu(menuJson(name), name)]));

function show(name: string, costsMs: readonly number[]): void {
  const mean = costsMs.reduce((sum, ms) => sum + ms, 0) / costsMs.length;
  const figures = [mean, ...[0.5, 0.99, 0.999, 1].map((share) => quantile(costsMs, share))];
  console.log(name.padEnd(34), ...figures.map((ms) => ms.toFixed(4).padStart(9)), String(costsMs.length).padStart(9));
}

function runRows(): number[] {
  const costsMs: number[] = [];
  for (const row of rows) {
    const menu = menus.get(row.menu);
    if (menu === undefined) continue;
    const extractor = createOrderExtractor(menu);
    let atMs = 0;
    for (const { text } of row.turns) {
      const pieces: (string | null)[] = [...piecesOf(text), ...Array.from({ length: 20 }, () => null)];
      for (const piece of pieces) {
        atMs += FRAME_MS;
        const before = performance.now();
        extractor.push({ piece, atMs });
        costsMs.push(performance.now() - before);
      }
    }
    extractor.end(atMs, 'left');
  }
  return costsMs;
}

/** One call that goes on: the costs of each of its tenths. */
function runLongCall(): number[][] {
  const menu = menus.get('burger_barn');
  if (menu === undefined) return [];
  const extractor = createOrderExtractor(menu);
  const turns = [
    'Okay, a large coke and two cheeseburgers.',
    'No onions on the cheeseburgers, sure.',
    'Make that a small coke.',
    'So two cheeseburgers and a small coke.',
    'Take one cheeseburger off, okay.',
  ];
  const tenths: number[][] = [];
  let atMs = 0;
  for (let tenth = 0; tenth < 10; tenth++) {
    const costsMs: number[] = [];
    for (let turn = 0; turn < 200; turn++) {
      for (const piece of [...piecesOf(turns[turn % turns.length] ?? ''), ...Array.from({ length: 12 }, () => null)]) {
        atMs += FRAME_MS;
        const before = performance.now();
        extractor.push({ piece, atMs });
        costsMs.push(performance.now() - before);
      }
    }
    tenths.push(costsMs);
  }
  return tenths;
}

console.log(`${machine()}; milliseconds a piece`);
console.log(''.padEnd(34), ...['mean', 'p50', 'p99', 'p99.9', 'max', 'pieces'].map((head) => head.padStart(9)));
show('evaluation calls, cold', runRows());
for (let round = 0; round < 5; round++) runRows();
show('evaluation calls, warm', runRows());
runLongCall();
const tenths = runLongCall();
for (const [index, costsMs] of tenths.entries())
  if (index % 3 === 0) show(`one call, minutes ${index * 8} to ${(index + 1) * 8}`, costsMs);
