/**
 * Tickets through everything that breaks: the POS answers 503, makes the order and does not answer, answers 429; the delivery
 * thread is killed; the gateway's delivery process is killed -9; Redis or PostgreSQL is killed and comes back empty three times.
 *   node bench/chaos/chaos.ts [embedded | redis | postgres] [tickets]
 * Exit code 0 when every ticket is one order at the POS.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type DemoPosBehaviour, startDemoPos } from '../../src/demo-pos/demo-pos.ts';
import type { Ticket } from '../../src/orders/ticket.ts';
import { deliveryOptions, makeTicket, secret } from '../../test/orders/delivery/fixtures.ts';
import type { FromGateway, ToGateway } from './gateway.ts';
import { DisposablePostgres } from './postgres.ts';
import { DisposableRedis } from './redis.ts';

const queue = process.argv[2] ?? 'embedded';
const count = Number(process.argv[3] ?? 1_000);
const POS_TIMEOUT_MS = 500;
/** Longer than this without the last order: lost. */
const PATIENCE_MS = 8 * 60_000;
const SERVER_DOWN_MS = 2_000;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Of each hundred requests: 10 get 503, 5 make the order and time out, 3 time out without it, 2 get 429. Always the same ones. */
function behaviourOf(random: number): DemoPosBehaviour {
  if (random < 0.1) return { kind: 'answer', status: 503 };
  if (random < 0.15) return { kind: 'silent', takes: true };
  if (random < 0.18) return { kind: 'silent', takes: false };
  if (random < 0.2) return { kind: 'answer', status: 429, retryAfterSeconds: 1 };
  return { kind: 'accept' };
}

let seed = 20_261_125;
/** Park and Miller: the run can be repeated. */
function nextRandom(): number {
  seed = (seed * 48_271) % 2_147_483_647;
  return seed / 2_147_483_647;
}

const answers = new Map<string, number>();
const orderTimes = new Map<string, number>();
const pos = await startDemoPos({
  secret,
  port: 0,
  behave: () => {
    const behaviour = behaviourOf(nextRandom());
    const name =
      behaviour.kind === 'answer'
        ? `${behaviour.status}`
        : behaviour.kind === 'silent'
          ? `no answer, order ${behaviour.takes ? 'made' : 'not made'}`
          : '200';
    answers.set(name, (answers.get(name) ?? 0) + 1);
    return behaviour;
  },
});
pos.events.on('order', (order) => orderTimes.set(order.key, Date.now()));

const port = 16_000 + (process.pid % 10_000);
const server =
  queue === 'redis' ? new DisposableRedis(port) : queue === 'postgres' ? new DisposablePostgres(port) : null;
await server?.start();
const directory = mkdtempSync(join(tmpdir(), 'speakerpost-chaos-'));
const options = {
  ...deliveryOptions(join(directory, 'store.db'), pos.url, {
    queue: server?.url ?? 'embedded',
    pos: { kind: 'webhook', url: pos.url, secret, timeoutMs: POS_TIMEOUT_MS },
    attentionAfterMs: 20_000,
  }),
};

const tickets = new Map<string, Ticket>();
const commitWallMs = new Map<string, number>();
const uncommitted = new Map<string, Ticket>();
const alerts = new Map<string, number>();
const kills = { gateway: 0, thread: 0, server: 0 };
let gateway = startGateway();

function startGateway(): ChildProcess {
  const child = fork(new URL('./gateway.ts', import.meta.url), [JSON.stringify(options)]);
  child.on('message', (message: FromGateway) => {
    if (message.kind === 'committed') {
      uncommitted.delete(message.key);
      if (!commitWallMs.has(message.key)) commitWallMs.set(message.key, Date.now());
    } else alerts.set(message.code, (alerts.get(message.code) ?? 0) + 1);
  });
  // A call whose ticket was not safe yet hands it over again, as the gateway's own backlog does.
  for (const ticket of uncommitted.values()) tell(child, { kind: 'commit', ticket });
  return child;
}

function tell(child: ChildProcess, message: ToGateway): void {
  if (child.connected) child.send(message, () => undefined);
}

async function killGateway(): Promise<void> {
  kills.gateway++;
  const exit = once(gateway, 'exit');
  gateway.kill('SIGKILL');
  await exit;
  gateway = startGateway();
}

async function killServer(): Promise<void> {
  if (server === null) return;
  kills.server++;
  await server.kill();
  await pause(SERVER_DOWN_MS);
  await server.start();
}

/** By the outbox: what a killed process had no time to say is there. */
function countAcked(): number {
  const database = new DatabaseSync(options.databaseFile, { readOnly: true });
  try {
    return Number(database.prepare(`SELECT count(*) AS count FROM outbox WHERE state = 'acked'`).get()?.['count']);
  } finally {
    database.close();
  }
}

const killThread = () => {
  kills.thread++;
  tell(gateway, { kind: 'kill-worker' });
};

/** What breaks after which share of the tickets. */
const plan: readonly (readonly [number, () => unknown])[] = [
  [0.15, killServer],
  [0.25, killThread],
  [0.35, killGateway],
  [0.5, killServer],
  [0.55, killThread],
  [0.65, killGateway],
  [0.75, killThread],
  [0.8, killServer],
  [0.9, killGateway],
];

const startedMs = performance.now();
let step = 0;
for (let n = 0; n < count; n++) {
  const ticket = makeTicket(`chaos_${n}`);
  tickets.set(ticket.idempotencyKey, ticket);
  uncommitted.set(ticket.idempotencyKey, ticket);
  tell(gateway, { kind: 'commit', ticket });
  const next = plan[step];
  if (next !== undefined && n >= next[0] * count) {
    step++;
    await next[1]();
  }
  // 5 a second: fifty lanes' worth of cars, and enough at once for every kill to hit some.
  await pause(200);
}
const handedOverMs = performance.now() - startedMs;
const endMs = performance.now() + PATIENCE_MS;
while (countAcked() < count && performance.now() < endMs) await pause(500);
const doneMs = performance.now() - startedMs;
const acked = countAcked();
const exit = once(gateway, 'exit');
gateway.kill('SIGKILL');
await exit;
await server?.remove();
await pos.close();
rmSync(directory, { recursive: true, force: true });

const perTicket = new Map<string, number>();
for (const { ticket } of pos.orders) perTicket.set(ticket.ticketId, (perTicket.get(ticket.ticketId) ?? 0) + 1);
const lost = [...tickets.values()].filter(({ ticketId }) => !perTicket.has(ticketId)).length;
const doubled = [...perTicket.values()].filter((orders) => orders > 1).length;
const waits = [...commitWallMs].flatMap(([key, fromMs]) => {
  const atMs = orderTimes.get(key);
  return atMs === undefined ? [] : [Math.max(0, atMs - fromMs)];
});
const list = (counts: Iterable<readonly [string, number]>) =>
  [...counts].map(([name, times]) => `${name}: ${times}`).join(', ') || 'none';

console.log(`${cpus().length} x ${cpus()[0]?.model ?? 'unknown CPU'}, Node ${process.version}, queue ${queue}`);
console.log(
  `${count} tickets handed over in ${(handedOverMs / 1_000).toFixed(0)} s, done after ${(doneMs / 1_000).toFixed(0)} s`,
);
console.log(
  `kill -9 of the gateway ${kills.gateway}, of its delivery thread ${kills.thread}, of the queue's server with its data ${kills.server}`,
);
console.log(`answers of the POS: ${list(answers)}`);
console.log(`alerts: ${list(alerts)}`);
console.log(`commit to order at the POS ${spread(waits)}`);
console.log(`orders at the POS ${pos.orders.length}, lost ${lost}, doubled ${doubled}, acknowledged ${acked}`);
process.exitCode = lost === 0 && doubled === 0 && acked === count ? 0 : 1;

function spread(values: readonly number[]): string {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) =>
    ((sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN) / 1_000).toFixed(2);
  return `p50 ${at(0.5)} s, p90 ${at(0.9)} s, p99 ${at(0.99)} s, max ${at(1)} s`;
}
