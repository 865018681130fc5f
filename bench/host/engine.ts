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

runEngineProcess(loadIdleModel);
