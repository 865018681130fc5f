/**
 * Two things that must not happen to an engine process: a lane lost among calls opened and closed at random, and memory that grows while
 * calls talk. Prints the memory of host and card as it goes, and the growth at the end; exits 1 where a lane is lost.
 *
 *     node bench/engine-soak.ts [--model DIR] [--device D] [--type T] [--positions N] [--processes N] [--lanes N] [--calls N] [--seconds N]
 *
 * First `--calls` calls of up to a second come and go as quickly as they can be run, then `--lanes` lanes talk for `--seconds`, paced
 * as calls are.
 */
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { EngineClient, LaneHandle } from '../src/engine/contract.ts';
import { chooseDevices } from '../src/engine/serving/choose-devices.ts';
import { connectEngine } from '../src/engine/serving/client.ts';
import { startEngineFleet } from '../src/engine/serving/engine-fleet.ts';
import { runPacedLanes } from '../src/engine/serving/paced-lanes.ts';
import { placementOrder } from '../src/engine/serving/placement.ts';
import type { EngineMemory } from '../src/engine/serving/process-messages.ts';
import { systemClock } from '../src/runtime/clock.ts';
import { silentLog } from '../src/runtime/log.ts';
import { distribution, machine, modelNumbers, quantile } from './figures.ts';

const { values } = parseArgs({
  options: {
    model: { type: 'string', default: join(import.meta.dirname, '../models/nano') },
    device: { type: 'string', default: 'cpu' },
    type: { type: 'string' },
    positions: { type: 'string' },
    processes: { type: 'string', default: '1' },
    lanes: { type: 'string', default: '4' },
    calls: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '60' },
  },
});
const lanes = Number(values.lanes);
const calls = Number(values.calls);
const seconds = Number(values.seconds);
const personas = ['a', 'b', 'c'].map((id) => ({ id, text: null, voice: null }));

// Garbage of its own is not what this looks for: without a limit V8 keeps some 20 MB of it in a thousand calls.
process.env['NODE_OPTIONS'] = '--max-old-space-size=64 --max-semi-space-size=1';
const { devices } = await chooseDevices(values.device, Number(values.processes));
const memory = new Map<number, EngineMemory>();
const fleet = startEngineFleet(
  // Two images for three personas: the third is prepared again and again.
  {
    modelDirectory: resolve(values.model),
    lanes,
    devices,
    threads: 1,
    numbers: modelNumbers(values),
    personas,
    personaImages: { count: 2, bytes: 2e9 },
    frameBudgetMs: null,
  },
  (process) => ({ clock: systemClock, log: silentLog, onMemory: (now) => memory.set(process, now) }),
);
fleet.onState((state, process) => {
  if (state.kind === 'failed') fail(`engine process ${process} failed: ${state.error.code}`);
});
const { model, device } = await fleet.ready;
const clients = await Promise.all(fleet.members.map(({ socketPath }) => connectEngine(socketPath)));
console.log(`${machine()}; ${model} on ${device}, ${lanes} lanes`);

await openAndClose();
await talk();
for (const client of clients) client.close();
await fleet.stop();

async function openAndClose(): Promise<void> {
  const open: LaneHandle[] = [];
  const hang = (lane: LaneHandle) => open.splice(open.indexOf(lane), 1)[0]?.close();
  const openMs: number[] = [];
  const before = await memoryNow();
  const startedMs = performance.now();
  let [frames, refused] = [0, 0];
  for (let call = 1; call <= calls; call++) {
    if (open.length === lanes) hang(pick(open));
    const fromMs = performance.now();
    const lane = await client().openLane(pick(personas).id, call);
    openMs.push(performance.now() - fromMs);
    lane.onFailed(({ code }) => fail(`call ${call} failed: ${code}`));
    open.push(lane);
    // As many as are too many are refused, and hurt nobody.
    if (open.length === lanes)
      await client()
        .openLane('a', 0)
        .then(
          () => fail('a lane too many was given out'),
          () => refused++,
        );
    const answered = Promise.withResolvers<void>();
    const wanted = 1 + Math.floor(Math.random() * 12);
    let got = 0;
    lane.onFrame(() => {
      frames++;
      if (++got === wanted) answered.resolve();
      else lane.push(noise());
    });
    lane.push(noise());
    // Half of the calls end in the middle of a frame.
    if (Math.random() < 0.5) await answered.promise;
    if (Math.random() < 0.3) hang(pick(open));
    if (call % Math.ceil(calls / 5) === 0)
      console.log(`${call} calls, ${frames} frames, ${refused} refused: ${words(await memoryNow())}`);
  }
  for (const lane of [...open]) hang(lane);
  const again: LaneHandle[] = [];
  for (let lane = 0; lane < lanes; lane++) again.push(await client().openLane('a', 0));
  for (const lane of again) lane.close();
  const took = ((performance.now() - startedMs) / 1000).toFixed(0);
  console.log(`every one of the ${again.length} lanes is free again after ${calls} calls in ${took} s`);
  console.log(`open a lane: ${distribution(openMs)}; growth ${growth(before, await memoryNow())}`);
}

async function talk(): Promise<void> {
  if (seconds === 0) return;
  const rounds = 6;
  let before: Bytes | null = null;
  for (let round = 1; round <= rounds; round++) {
    const { frames, misses, failure } = await runPacedLanes(
      (lane) => client().openLane('a', lane),
      lanes,
      seconds / rounds,
    );
    if (failure !== null) fail(`a lane was lost: ${failure}`);
    const now = await memoryNow();
    before ??= now; // the first round takes what the others take again
    const p99 = quantile(
      frames.map(({ totalMs }) => totalMs),
      0.99,
    );
    console.log(
      `${lanes} lanes, ${((round * seconds) / rounds).toFixed(0)} s: p99 ${p99.toFixed(1)} ms, ${misses} late; ${words(now)}`,
    );
    if (round === rounds) console.log(`growth since the first round: ${growth(before, now)}`);
  }
}

interface Bytes {
  readonly host: number;
  readonly card: number | null;
}

/** As reported after this is called. */
async function memoryNow(): Promise<Bytes> {
  memory.clear();
  while (memory.size < fleet.members.length) await new Promise((resolve) => setTimeout(resolve, 50));
  const reports = [...memory.values()];
  const cards = reports.flatMap(({ device: card }) => (card === null ? [] : [card.usedBytes]));
  return {
    host: reports.reduce((sum, { hostBytes }) => sum + hostBytes, 0),
    card: cards.length === 0 ? null : cards.reduce((sum, bytes) => sum + bytes, 0),
  };
}

function words({ host, card }: Bytes): string {
  return `host ${(host / 1e6).toFixed(1)} MB${card === null ? '' : `, card ${(card / 1e6).toFixed(1)} MB`}`;
}

function growth(from: Bytes, to: Bytes): string {
  return words({ host: to.host - from.host, card: to.card === null ? null : to.card - (from.card ?? 0) });
}

function client(): EngineClient {
  const [first = 0] = placementOrder(clients.map(({ load }) => load));
  return clients[first] ?? fail('there is no engine process');
}

function pick<Item>(items: readonly Item[]): Item {
  return items[Math.floor(Math.random() * items.length)] ?? fail('nothing to pick from');
}

function noise(): Float32Array {
  return Float32Array.from({ length: 1920 }, () => 0.1 * (Math.random() - 0.5));
}

function fail(reason: string): never {
  console.log(reason);
  process.exit(1);
}
