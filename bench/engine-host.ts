/**
 * What the engine process itself costs beside a GPU: the real serving code and the real host side of a frame (noise, token rings, sockets), with a
 * device that computes nothing and takes as long as an H200 does. Prints how late the event loop was, and how much
 * of that it computed itself: the rest is the machine's, busy with something else.
 *
 *     node bench/engine-host.ts [--lanes N,N,...] [--seconds N] [--profile DIR]
 *
 * `--profile`: a .cpuprofile of the engine process goes there.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { publishedConfig } from '../src/engine/checkpoint/published-config.ts';
import { writeRandomCheckpoint } from '../src/engine/checkpoint/random-checkpoint.ts';
import { connectEngine } from '../src/engine/serving/client.ts';
import { forkEngine } from '../src/engine/serving/engine-child.ts';
import { runPacedLanes } from '../src/engine/serving/paced-lanes.ts';
import { startEngineProcess } from '../src/engine/serving/supervisor.ts';
import { systemClock } from '../src/runtime/clock.ts';
import { silentLog } from '../src/runtime/log.ts';
import { distribution, machine } from './figures.ts';
import type { OwnWork } from './host/engine.ts';

const { values } = parseArgs({
  options: {
    lanes: { type: 'string', default: '1,32,64,128,192' },
    seconds: { type: 'string', default: '10' },
    profile: { type: 'string' },
  },
});
const counts = values.lanes.split(',').map(Number);
const directory = mkdtempSync(join(tmpdir(), 'speakerpost-bench-'));
// The host's work depends on codebooks, top-k and sample counts, which are the published ones; the rest is as small as it goes.
writeRandomCheckpoint({
  directory,
  config: {
    ...publishedConfig,
    lm: {
      ...publishedConfig.lm,
      dim: 32,
      num_heads: 2,
      num_layers: 1,
      context: 256,
      depformer_dim: 16,
      depformer_num_heads: 1,
      depformer_num_layers: 1,
      depformer_dim_feedforward: 32,
    },
    mimi: {
      ...publishedConfig.mimi,
      seanet: { ...publishedConfig.mimi.seanet, n_filters: 2, dimension: 16 },
      quantizer: { ...publishedConfig.mimi.quantizer, dimension: 8 },
      transformer: {
        ...publishedConfig.mimi.transformer,
        d_model: 16,
        num_heads: 2,
        num_layers: 1,
        dim_feedforward: 16,
      },
    },
  },
  seed: 1,
});
if (values.profile !== undefined) process.env['NODE_OPTIONS'] = `--cpu-prof --cpu-prof-dir=${values.profile}`;
let lag = { p99: 0, max: 0 };
let ownMs = 0;
const supervisor = startEngineProcess(
  {
    modelDirectory: directory,
    lanes: Math.max(...counts),
    device: 'cpu',
    threads: 1,
    personas: [{ id: 'own', text: null, voice: null }],
    frameBudgetMs: null,
  },
  {
    clock: systemClock,
    log: silentLog,
    spawn() {
      const child = forkEngine(new URL('./host/engine.ts', import.meta.url));
      child.onReport((report) => {
        const { kind, longestMs } = report as { readonly kind: string } as OwnWork;
        if (kind === 'ownWork') ownMs = Math.max(ownMs, longestMs);
      });
      return child;
    },
    onLoopLag({ p99Ms, maxMs }) {
      lag = { p99: Math.max(lag.p99, p99Ms), max: Math.max(lag.max, maxMs) };
    },
  },
);
try {
  await supervisor.ready;
  const engine = await connectEngine(supervisor.socketPath);
  console.log(machine());
  for (const lanes of counts) {
    lag = { p99: 0, max: 0 };
    ownMs = 0;
    const { frames, senderLateMs } = await runPacedLanes(
      (lane) => engine.openLane('own', lane),
      lanes,
      Number(values.seconds),
    );
    console.log(
      `${String(lanes).padStart(4)} lanes: event loop at most ${ownMs.toFixed(1)} ms in work of its own (p99 ${lag.p99.toFixed(1)}, max ${lag.max.toFixed(1)} ms late); ` +
        `run ${distribution(frames.map(({ runMs }) => runMs))}; sent-received ${distribution(frames.map(({ totalMs }) => totalMs))}; ` +
        `sender at most ${senderLateMs.toFixed(1)} ms late`,
    );
  }
  engine.close();
} finally {
  await supervisor.stop();
  rmSync(directory, { recursive: true });
}
