import { test } from 'tap';
import { openCheckpoint } from '../../../src/engine/checkpoint/checkpoint.ts';
import { LanguageModel } from '../../../src/engine/lm/language-model.ts';
import { Mimi } from '../../../src/engine/mimi/mimi.ts';
import type { LaneFrame, LaneResult } from '../../../src/engine/model-contract.ts';
import { cpuDevice } from '../../../src/engine/ort/cpu-device.ts';
import type { Device } from '../../../src/engine/ort/device.ts';
import { OrtRuntime } from '../../../src/engine/ort/session.ts';
import { RecordedFrames } from '../../../src/engine/recorded-frames.ts';
import { wrapDirectory } from './support.ts';

/** The CPU with a recorder that does again what it was shown. */
const repeatingDevice: Device = {
  ...cpuDevice,
  recorder: {
    settle() {},
    record: (main, beside) => ({
      startBeside: beside,
      start: (part) => main[part]?.(),
      passed: () => async () => {},
      async finished() {},
      free() {},
    }),
  },
};

const lanes = 4;
const frameCount = 40;

function open() {
  const checkpoint = openCheckpoint(wrapDirectory);
  const runtime = new OrtRuntime(repeatingDevice);
  const session = { threads: 1 };
  const lm = new LanguageModel(runtime, checkpoint, checkpoint.configuration.sampling, lanes, session);
  const mimi = new Mimi(runtime, checkpoint, lanes, { ...session, tokens: lm.tokens });
  const { recorder } = repeatingDevice;
  if (recorder === null) throw new Error('no recorder');
  const { codebooks } = checkpoint.configuration.lm;
  const frames = new RecordedFrames(mimi, lm, codebooks, recorder, lanes);
  const begin = (lane: number): void => {
    lm.reset(lane, 100 + lane);
    mimi.reset(lane);
  };
  const close = (): void => {
    frames.close();
    mimi.close();
    lm.close();
    runtime.close();
  };
  return { frames, begin, close };
}

function soundOf(lane: number, frame: number): LaneFrame {
  const pitch = 0.02 * (1 + lane);
  return { lane, samples: Float32Array.from({ length: 1920 }, (_, i) => 0.2 * Math.sin((frame * 1920 + i) * pitch)) };
}

test('lanes that are late are carried along: each hears and says what it would alone', async (t) => {
  const { frames, begin, close } = open();
  const alone: LaneResult[][] = [];
  for (let lane = 0; lane < lanes; lane++) {
    begin(lane);
    const results: LaneResult[] = [];
    for (let frame = 0; frame < frameCount; frame++) results.push(...(await frames.run([soundOf(lane, frame)])));
    alone.push(results);
  }

  for (let lane = 0; lane < lanes; lane++) begin(lane);
  const together: LaneResult[][] = Array.from({ length: lanes }, () => []);
  // Lane n misses every (n + 2)th run.
  for (let run = 0; together.some((results) => results.length < frameCount); run++) {
    const ready = together.flatMap((results, lane) =>
      run % (lane + 2) === 0 || results.length === frameCount ? [] : [soundOf(lane, results.length)],
    );
    if (ready.length === 0) continue;
    for (const result of await frames.run(ready)) together[result.lane]?.push(result);
  }
  const spoken = (results: readonly LaneResult[]) => results.map(({ tokens, userCodes }) => ({ tokens, userCodes }));
  for (let lane = 0; lane < lanes; lane++) {
    t.same(spoken(together[lane] ?? []), spoken(alone[lane] ?? []), `lane ${lane}`);
    const ofLane = together[lane]?.at(-1)?.samples ?? [];
    const most = Math.max(
      ...(alone[lane]?.at(-1)?.samples ?? []).map((value, i) => Math.abs(value - (ofLane[i] ?? 9))),
    );
    t.ok(most < 1e-4, `sound of lane ${lane} is ${most} apart`);
  }
  t.ok(new Set(alone.map((results) => JSON.stringify(spoken(results)))).size === lanes, 'the lanes differ');
  close();
});
