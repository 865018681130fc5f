import { setTimeout as delay } from 'node:timers/promises';
import { openCheckpoint } from '../../src/engine/checkpoint/checkpoint.ts';
import { LanguageModel } from '../../src/engine/lm/language-model.ts';
import { Mimi } from '../../src/engine/mimi/mimi.ts';
import type { LoadModel } from '../../src/engine/model-contract.ts';
import { cpuDevice } from '../../src/engine/ort/cpu-device.ts';
import type { Device } from '../../src/engine/ort/device.ts';
import { OrtRuntime } from '../../src/engine/ort/session.ts';
import { RecordedFrames } from '../../src/engine/recorded-frames.ts';
import { runEngineProcess } from '../../src/engine/serving/engine-process.ts';
import { CheckpointModel } from '../../src/engine/speech-model.ts';

/** An H200 takes so long for a frame of 128 lanes [measured]. */
const runMs = 30;

/** A card as the host sees it: runs are started with one call and end later. */
const idleDevice: Device = {
  ...cpuDevice,
  recorder: {
    settle() {},
    record: () => ({
      startBeside() {},
      start() {},
      passed: () => () => delay((runMs * 3) / 4),
      finished: () => delay(runMs / 4),
      free() {},
    }),
  },
};

const loadIdleModel: LoadModel = async (directory, { lanes, threads }) => {
  const checkpoint = openCheckpoint(directory);
  const runtime = new OrtRuntime(idleDevice);
  const { sampling, lm: sizes } = checkpoint.configuration;
  const lm = new LanguageModel(runtime, checkpoint, sampling, lanes + 1, { threads });
  const mimi = new Mimi(runtime, checkpoint, lanes + 1, { threads, tokens: lm.tokens });
  const { recorder } = idleDevice;
  if (recorder === null) throw new Error('no recorder');
  const frames = new RecordedFrames(mimi, lm, sizes.codebooks, recorder, lanes);
  return new CheckpointModel({ checkpoint, runtime, mimi, lm, frames, lanes, device: 'idle' });
};

/** The longest that the event loop stood still for work of its own, over the last second. */
export interface OwnWork {
  readonly kind: 'ownWork';
  readonly longestMs: number;
}

runEngineProcess(loadIdleModel);

const tickMs = 5;
let longestMs = 0;
let dueMs = performance.now() + tickMs;
let before = process.threadCpuUsage();
// How late a timer is says what the whole machine did; what this thread computed meanwhile says what the engine did.
setInterval(() => {
  const nowMs = performance.now();
  const { user, system } = process.threadCpuUsage(before);
  before = process.threadCpuUsage();
  longestMs = Math.max(longestMs, Math.min(nowMs - dueMs, (user + system) / 1_000));
  dueMs = nowMs + tickMs;
}, tickMs);
setInterval(() => {
  process.send?.({ kind: 'ownWork', longestMs } satisfies OwnWork);
  longestMs = 0;
}, 1_000);
