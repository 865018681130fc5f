/**
 * How long a ticket takes from the moment that its order is closed: until it is durable on disk, until the demo POS has it, until that is
 * acknowledged. Beside it, on the audio clock of the development rows: how long an order is still open after its read-back.
 *   node bench/delivery.ts [embedded | redis://... | postgres://...] [tickets]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startDemoPos } from '../src/demo-pos/demo-pos.ts';
import { startDelivery } from '../src/orders/delivery/delivery-plane.ts';
import { createOrderExtractor } from '../src/orders/extraction/order-extractor.ts';
import { loadMenu } from '../src/orders/menu/menu.ts';
import { systemClock } from '../src/runtime/clock.ts';
import { silentLog } from '../src/runtime/log.ts';
import { menuJson, readRows } from '../test/eval/rows.ts';
import { deliveryOptions, makeTicket, secret, soon } from '../test/orders/delivery/fixtures.ts';
import { distribution, machine } from './figures.ts';

const WORD_MS = 200;
const FRAME_MS = 80;
/** Between two turns of the agent. */
const TURN_FRAMES = 13;

const queue = process.argv[2] ?? 'embedded';
const count = Number(process.argv[3] ?? 300);
const directory = mkdtempSync(join(tmpdir(), 'speakerpost-bench-'));
const pos = await startDemoPos({ secret, port: 0 });
const startedMs = performance.now();
const plane = startDelivery(deliveryOptions(join(directory, 'store.db'), pos.url, { queue }), {
  clock: systemClock,
  log: silentLog,
});
const committedMs = new Map<string, number>();
const commits: number[] = [];
const deliveries: number[] = [];
const lags: number[] = [];
const closedMs = new Map<string, number>();
const arrivals: number[] = [];
pos.events.on('order', ({ ticket }) =>
  arrivals.push(performance.now() - (closedMs.get(ticket.ticketId) ?? Number.NaN)),
);
plane.on('step', (step) => {
  if (step.what === 'acked') deliveries.push(performance.now() - (committedMs.get(step.ticketId) ?? Number.NaN));
});
plane.on('loopLag', (sample) => lags.push(sample.maxMs));
await plane.ready;
const readyMs = performance.now() - startedMs;
await soon(async () => (await plane.health()).queue === 'up');
const queueUpMs = performance.now() - startedMs;
for (let i = 0; i < count; i++) {
  const ticket = makeTicket(`${i}`);
  const fromMs = performance.now();
  closedMs.set(ticket.ticketId, fromMs);
  await plane.commit(ticket);
  const nowMs = performance.now();
  commits.push(nowMs - fromMs);
  committedMs.set(ticket.ticketId, nowMs);
  // Ten orders a second: more than a chain's busiest hour in one store, below the queue's rate limit.
  await new Promise((resolve) => setTimeout(resolve, 100));
}
await soon(() => deliveries.length === count);
await plane.stop();
await pos.close();
rmSync(directory, { recursive: true });

console.log(`${machine()}, queue ${queue}`);
console.log(`database open after ${readyMs.toFixed(0)} ms, queue up after ${queueUpMs.toFixed(0)} ms`);
console.log(`closed to disk      ${distribution(commits)}`);
console.log(`closed to the POS   ${distribution(arrivals)}`);
console.log(`disk to acknowledged ${distribution(deliveries)}`);
console.log(`loop lag max of each 5 s in the delivery thread ${distribution(lags)}`);
const waits = closingWaits();
console.log(`read-back to closed ${distribution(waits)}, ${waits.length} rows of the development set at 200 ms a word`);
console.log(`${count} tickets, ${pos.orders.length} orders at the POS`);

/** From the last word of a spoken total to the order's close, for rows that have both: what the agent still says then. */
function closingWaits(): number[] {
  return readRows('data/dev.jsonl').flatMap((row) => {
    const extractor = createOrderExtractor(loadMenu(menuJson(row.menu), row.menu));
    let atMs = 0;
    let moneyMs: number | null = null;
    for (const { text } of row.turns) {
      const pieces = [
        ...text.split(/\s+/).map((word) => `▁${word}`),
        ...Array.from({ length: TURN_FRAMES }, () => null),
      ];
      for (const piece of pieces) {
        atMs += piece === null ? FRAME_MS : WORD_MS;
        const { closed } = extractor.push({ piece, atMs });
        if (piece !== null && /\d\.\d\d|dollar|cents/i.test(piece)) moneyMs = atMs;
        if (closed.length > 0) return moneyMs === null ? [] : [atMs - moneyMs];
      }
    }
    return [];
  });
}
