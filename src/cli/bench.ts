import { existsSync, readFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { EngineOptions } from '../engine/contract.ts';
import { parseDeviceName } from '../engine/ort/open-device.ts';
import { connectEngine } from '../engine/serving/client.ts';
import { type PacedFrame, runPacedLanes } from '../engine/serving/paced-lanes.ts';
import { startEngineProcess } from '../engine/serving/supervisor.ts';
import { systemClock } from '../runtime/clock.ts';
import { silentLog } from '../runtime/log.ts';

const HELP = `Usage: speakerpost bench engine --model DIR [options]

Measures how many calls a machine serves in time: starts the engine, opens lanes, and sends each of them a frame every 80 ms as calls
do, their phases spread. Prints, for each number of lanes, where a frame's time goes, how many came later than 80 ms, and the memory.

  --model DIR      checkpoint folder (speakerpost model random writes one of any size)
  --device NAME    as engine.device in the store's file (default: cpu)
  --lanes N,N,...  numbers of lanes to measure (default: 1,2,4)
  --seconds N      for each (default: 20); the first second is not counted
  --threads N      threads inside one operator (default: 1)
  --json           print one JSON object
  --help           this text

Exit code: 0 measured, 1 the engine does not start or loses a lane, 2 wrong usage.
`;

const limitMs = 80;
const stages = ['wait', 'run', 'total'] as const;
type Stage = (typeof stages)[number];

interface Quantiles {
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

interface Row extends Readonly<Record<Stage, Quantiles>> {
  readonly lanes: number;
  readonly frames: number;
  readonly misses: number;
  readonly senderLateMs: number;
  readonly memoryMb: number | null;
}

export async function runBench(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      model: { type: 'string' },
      device: { type: 'string', default: 'cpu' },
      lanes: { type: 'string', default: '1,2,4' },
      seconds: { type: 'string', default: '20' },
      threads: { type: 'string', default: '1' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) {
    process.stdout.write(HELP);
    return 0;
  }
  const counts = values.lanes.split(',').map(Number);
  const seconds = Number(values.seconds);
  const threads = Number(values.threads);
  const isCount = (value: number) => Number.isInteger(value) && value > 0;
  if (positionals.join(' ') !== 'engine' || values.model === undefined || !counts.every(isCount) || !(seconds > 0)) {
    process.stderr.write(HELP);
    return 2;
  }
  const options: EngineOptions = {
    modelDirectory: resolve(values.model),
    lanes: Math.max(...counts),
    device: parseDeviceName(values.device),
    threads: isCount(threads) ? threads : 1,
    personas: [{ id: 'bench', text: null, voice: null }],
    frameBudgetMs: null,
  };
  await measure(options, counts, seconds, values.json);
  return 0;
}

async function measure(
  options: EngineOptions,
  counts: readonly number[],
  seconds: number,
  asJson: boolean,
): Promise<void> {
  const startedMs = performance.now();
  const lag = { p99Ms: 0, maxMs: 0 };
  const supervisor = startEngineProcess(options, {
    clock: systemClock,
    log: silentLog,
    onLoopLag({ p99Ms, maxMs }) {
      lag.p99Ms = Math.max(lag.p99Ms, p99Ms);
      lag.maxMs = Math.max(lag.maxMs, maxMs);
    },
  });
  try {
    const description = await supervisor.ready;
    const startMs = Math.round(performance.now() - startedMs);
    const machine = `${cpus()[0]?.model ?? 'unknown CPU'}, ${cpus().length} cores, ${Math.round(totalmem() / 1e9)} GB`;
    if (!asJson) process.stdout.write(heading(machine, startMs, description, options));
    const engine = await connectEngine(supervisor.socketPath);
    const rows: Row[] = [];
    for (const lanes of counts) {
      const result = await runPacedLanes(engine, 'bench', lanes, seconds);
      const row = {
        lanes,
        frames: result.frames.length,
        misses: result.misses,
        senderLateMs: result.senderLateMs,
        memoryMb: residentMb(supervisor.pid),
        wait: quantiles(result.frames, 'waitMs'),
        run: quantiles(result.frames, 'runMs'),
        total: quantiles(result.frames, 'totalMs'),
      };
      rows.push(row);
      if (!asJson) process.stdout.write(lines(row));
    }
    engine.close();
    const inTime = rows.filter(({ total }) => total.p99Ms < limitMs).map(({ lanes }) => lanes);
    const mostLanesInTime = inTime.length === 0 ? 0 : Math.max(...inTime);
    const { node } = process.versions;
    const all = {
      machine,
      node,
      startMs,
      description,
      threads: options.threads,
      seconds,
      rows,
      mostLanesInTime,
      loopLag: lag,
    };
    process.stdout.write(asJson ? `${JSON.stringify(all)}\n` : closing(mostLanesInTime, lag));
  } finally {
    await supervisor.stop();
  }
}

function heading(
  machine: string,
  startMs: number,
  description: {
    readonly model: string;
    readonly device: string;
    readonly parameters: number;
    readonly runtimeVersion: string;
  },
  { threads }: EngineOptions,
): string {
  const { model, device, parameters, runtimeVersion } = description;
  return `${machine}; Node ${process.version}, ONNX Runtime ${runtimeVersion}
${model}: ${(parameters / 1e6).toFixed(1)} M parameters on ${device}, ${threads} thread${threads === 1 ? '' : 's'}; ready after ${startMs} ms

lanes  ms              p50     p95     p99     max   frames  late
`;
}

function lines(row: Row): string {
  const names = { wait: 'ready-started', run: 'started-done', total: 'sent-received' } as const;
  const shown = stages.map((stage) => {
    const { p50Ms, p95Ms, p99Ms, maxMs } = row[stage];
    const numbers = [p50Ms, p95Ms, p99Ms, maxMs].map((ms) => ms.toFixed(2).padStart(7)).join(' ');
    const end = stage === 'total' ? `  ${String(row.frames).padStart(6)}  ${String(row.misses).padStart(4)}` : '';
    return `${(stage === 'wait' ? String(row.lanes) : '').padStart(5)}  ${names[stage].padEnd(13)} ${numbers}${end}\n`;
  });
  const memory = row.memoryMb === null ? 'not known here' : `${row.memoryMb} MB`;
  return `${shown.join('')}       engine process ${memory}; the sender was at most ${row.senderLateMs.toFixed(1)} ms late\n`;
}

function closing(lanes: number, lag: { readonly p99Ms: number; readonly maxMs: number }): string {
  return `\nmost lanes measured with p99 < ${limitMs} ms: ${lanes}; event loop of the engine process: p99 ${lag.p99Ms.toFixed(1)}, max ${lag.maxMs.toFixed(1)} ms late\n`;
}

function quantiles(frames: readonly PacedFrame[], of: keyof PacedFrame): Quantiles {
  const sorted = frames.map((frame) => frame[of]).sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  return { p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99), maxMs: at(1) };
}

/** Resident memory of the engine process (proc(5)); null on systems without it. */
function residentMb(pid: number | null): number | null {
  const file = `/proc/${pid}/status`;
  if (pid === null || !existsSync(file)) return null;
  const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(file, 'utf8'))?.[1];
  return kilobytes === undefined ? null : Math.round(Number(kilobytes) / 1024);
}
