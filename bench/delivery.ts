/**
 * How long a ticket takes: commit (durable on disk) and commit to the demo POS's acknowledgement.
 *   node bench/delivery.ts [embedded | redis://... | postgres://...] [tickets]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startDemoPos } from '../src/demo-pos/demo-pos.ts';
import { startDelivery } from '../src/orders/delivery/delivery-plane.ts';
import { systemClock } from '../src/runtime/clock.ts';
import { silentLog } from '../src/runtime/log.ts';
import { deliveryOptions, makeTicket, secret, soon } from '../test/orders/delivery/fixtures.ts';
import { distribution, machine } from './figures.ts';

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
console.log(`commit        ${distribution(commits)}`);
console.log(`commit to ack ${distribution(deliveries)}`);
console.log(`loop lag max of each 5 s in the delivery thread ${distribution(lags)}`);
console.log(`${count} tickets, ${pos.orders.length} orders at the POS`);
