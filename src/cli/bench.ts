import { cpus, totalmem } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { openCheckpoint } from '../engine/checkpoint/checkpoint.ts';
import type { EngineDescription } from '../engine/contract.ts';
import type { ModelNumbers } from '../engine/model-contract.ts';
import { chooseDevices } from '../engine/serving/choose-devices.ts';
import type { EngineFleetOptions } from '../engine/serving/engine-fleet.ts';
import { type LaneFigures, MeasuredEngine } from '../engine/serving/measured-engine.ts';
import { searchLanes } from './lane-search.ts';

const HELP = `Usage: speakerpost bench engine --model DIR [options]

Measures how many calls a machine serves in time: starts the engine, opens lanes, and sends each of them a frame every 80 ms as calls
do, their phases spread. Prints, for each number of lanes, where a frame's time goes, how many came later than 80 ms, and the memory.

  --model DIR      checkpoint folder (speakerpost model random writes one of any size)
  --device NAME    as engine.device in the store's file (default: cpu)
  --processes N    as engine.processes (default: 1)
  --lanes N,N,...  numbers of lanes to measure; without it the largest number with p99 < 80 ms is searched for
  --most N         where the search ends (default: 32 a process on the CPU, 192 a card); fewer where memory has no room
  --seconds N      for each (default: 20); the first second is not counted
  --threads N      threads inside one operator (default: 1)
  --type, --codec, --positions, --cache   as engine.type, engine.codec, engine.cache.positions and .policy in the store's file
  --json           print one JSON object
  --help           this text

Exit code: 0 measured, 1 the engine does not start or refuses a lane, 2 wrong usage.
`;

const numbersSchema = z.object({
  type: z.enum(['float32', 'bfloat16', 'float16']).optional(),
  codec: z.enum(['float32', 'tf32', 'float16']).optional(),
  positions: z.coerce.number().int().min(64).optional(),
  cachePolicy: z.enum(['ring', 'pin-persona']).optional(),
});

const limitMs = 80;
const mostOf = { cpu: 32, card: 192 } as const;

interface Plan {
  readonly options: Omit<EngineFleetOptions, 'personas'>;
  /** null: search. */
  readonly counts: readonly number[] | null;
  readonly seconds: number;
  readonly deviceReason: string;
}

export async function runBench(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      model: { type: 'string' },
      device: { type: 'string', default: 'cpu' },
      processes: { type: 'string', default: '1' },
      lanes: { type: 'string' },
      most: { type: 'string' },
      seconds: { type: 'string', default: '20' },
      threads: { type: 'string', default: '1' },
      type: { type: 'string' },
      codec: { type: 'string' },
      positions: { type: 'string' },
      cache: { type: 'string' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) {
    process.stdout.write(HELP);
    return 0;
  }
  const counts = values.lanes?.split(',').map(Number) ?? null;
  const [seconds, threads, processes] = [Number(values.seconds), Number(values.threads), Number(values.processes)];
  const most = values.most === undefined ? null : Number(values.most);
  const isCount = (value: number) => Number.isInteger(value) && value > 0;
  const areCounts = [...(counts ?? []), threads, processes, most ?? 1].every(isCount);
  if (positionals.join(' ') !== 'engine' || values.model === undefined || !areCounts || !(seconds > 0)) {
    process.stderr.write(HELP);
    return 2;
  }
  const given = numbersSchema.safeParse({ ...values, cachePolicy: values.cache });
  if (!given.success) {
    process.stderr.write(HELP);
    return 2;
  }
  const numbers = given.data as ModelNumbers;
  const modelDirectory = resolve(values.model);
  openCheckpoint(modelDirectory); // a folder that is none is told before any card is asked
  const { devices, reason: deviceReason } = await chooseDevices(values.device, processes);
  const lanes =
    counts === null
      ? (most ?? devices.length * (devices[0] === 'cpu' ? mostOf.cpu : mostOf.card))
      : Math.max(...counts);
  await measure(
    { options: { modelDirectory, lanes, devices, threads, numbers }, counts, seconds, deviceReason },
    values.json,
  );
  return 0;
}

async function measure({ options, counts, seconds, deviceReason }: Plan, asJson: boolean): Promise<void> {
  const write = (text: string) => asJson || process.stdout.write(text);
  const engine = await MeasuredEngine.start(options);
  try {
    const { description, startMs } = engine;
    const machine = `${cpus()[0]?.model ?? 'unknown CPU'}, ${cpus().length} cores, ${Math.round(totalmem() / 1e9)} GB`;
    write(heading(machine, startMs, description, options.threads, deviceReason));
    const rows: LaneFigures[] = [];
    const isInTime = async (lanes: number): Promise<boolean> => {
      const row = await engine.measure(lanes, seconds);
      rows.push(row);
      write(lines(row));
      return row.failure === null && row.total.p99Ms < limitMs;
    };
    let mostLanesInTime = 0;
    if (counts === null) mostLanesInTime = await searchLanes(description.lanes, isInTime);
    for (const lanes of counts ?? []) {
      if (lanes > description.lanes) write(`${lanes} lanes: there is memory for ${description.lanes}\n`);
      else if (await isInTime(lanes)) mostLanesInTime = Math.max(mostLanesInTime, lanes);
    }
    const { threads } = options;
    const { node } = process.versions;
    const all = { machine, node, startMs, description, deviceReason, threads, seconds, rows, mostLanesInTime };
    if (asJson) process.stdout.write(`${JSON.stringify(all)}\n`);
    write(closing(mostLanesInTime, description.lanes));
  } finally {
    await engine.stop();
  }
}

function heading(
  machine: string,
  startMs: number,
  { model, device, parameters, runtimeVersion, lanes }: EngineDescription,
  threads: number,
  deviceReason: string,
): string {
  return `${machine}; Node ${process.version}, ONNX Runtime ${runtimeVersion}
${model}: ${(parameters / 1e6).toFixed(1)} M parameters on ${device} (${deviceReason}), ${threads} thread${threads === 1 ? '' : 's'}, room for ${lanes} lanes; ready after ${startMs} ms

lanes  ms              p50     p95     p99     max   frames  late
`;
}

function lines(row: LaneFigures): string {
  const { lanes, frames, misses, wait, run, total, open, hostMb, deviceMb, loopLagMs, senderLateMs, failure } = row;
  const shown = Object.entries({ 'ready-started': wait, 'started-done': run, 'sent-received': total, open }).map(
    ([name, { p50Ms, p95Ms, p99Ms, maxMs }]) => {
      const numbers = [p50Ms, p95Ms, p99Ms, maxMs].map((ms) => ms.toFixed(2).padStart(7)).join(' ');
      const end = name === 'sent-received' ? `  ${String(frames).padStart(6)}  ${String(misses).padStart(4)}` : '';
      return `${(name === 'ready-started' ? String(lanes) : '').padStart(5)}  ${name.padEnd(13)} ${numbers}${end}\n`;
    },
  );
  const card = deviceMb === null ? '' : `, ${deviceMb} MB of the card`;
  const lost = failure === null ? '' : `       a lane was lost: ${failure}\n`;
  return `${shown.join('')}       memory ${hostMb} MB of the host${card}; event loop p99 ${loopLagMs.p99.toFixed(1)}, max ${loopLagMs.max.toFixed(1)} ms late; sender at most ${senderLateMs.toFixed(1)} ms late\n${lost}`;
}

function closing(lanes: number, room: number): string {
  const end = lanes === room ? ' (all that there is room for)' : '';
  return `\nmost lanes measured with p99 < ${limitMs} ms: ${lanes}${end}\n`;
}
