import { cpSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { publishedNames } from '../../../src/engine/checkpoint/checkpoint.ts';
import { readConfigFile } from '../../../src/engine/checkpoint/config-file.ts';
import { writeRandomCheckpoint } from '../../../src/engine/checkpoint/random-checkpoint.ts';
import type { AgentFrame, LaneHandle } from '../../../src/engine/contract.ts';
import { connectEngine } from '../../../src/engine/serving/client.ts';
import { startEngineProcess } from '../../../src/engine/serving/supervisor.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import type { ErrorRecord } from '../../../src/runtime/errors.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import { nanoDirectory, wrapDirectory, writeTensors } from '../model/support.ts';

const personas = [{ id: 'barn', text: null, voice: null }];

function start(t: Test, modelDirectory: string) {
  const options = { modelDirectory, lanes: 3, device: 'cpu', threads: 1, personas } as const;
  const supervisor = startEngineProcess(options, { clock: systemClock, log: silentLog });
  t.teardown(() => supervisor.stop());
  return supervisor;
}

/** Twenty frames of a call, each pushed when the one before was answered. */
async function call(lane: LaneHandle, meanwhile: (frame: number) => void = () => {}): Promise<AgentFrame[]> {
  const frames: AgentFrame[] = [];
  const silence = new Float32Array(1920);
  await new Promise<void>((resolve, reject) => {
    lane.onFailed((error) => reject(new Error(error.code)));
    lane.onFrame((frame) => {
      meanwhile(frames.push(frame));
      if (frames.length === 20) resolve();
      else lane.push(silence);
    });
    lane.push(silence);
  });
  return frames;
}

const heard = (frames: readonly AgentFrame[]) => frames.map(({ textToken, samples }) => ({ textToken, samples }));

t.test('whatever one lane or a stranger sends, the call on the other lane is what it would have been', async (t) => {
  const supervisor = start(t, nanoDirectory);
  await supervisor.ready;
  const engine = await connectEngine(supervisor.socketPath);
  t.teardown(() => engine.close());
  const alone = await engine.openLane('barn', 1);
  const expected = heard(await call(alone));
  alone.close();

  const lane = await engine.openLane('barn', 1);
  const failures: ErrorRecord[] = [];
  const refusals: unknown[] = [];
  const open = () => engine.openLane('barn', 2);
  const bad: Record<number, () => Promise<unknown>> = {
    2: async () => feed(await open(), new Float32Array(1920).fill(Number.NaN, 100, 101)),
    4: async () => feed(await open(), new Float32Array(1920).fill(Number.POSITIVE_INFINITY)),
    6: async () => feed(await open(), new Float32Array(0)),
    8: async () => feed(await open(), new Float32Array(96_000)),
    10: async () => {
      const speaking = await open();
      await speaking.say('$ 7.49 ☃').catch((error: unknown) => refusals.push(error));
      speaking.close();
    },
    12: async () => {
      const stranger = connect(supervisor.socketPath);
      stranger.resume().on('error', () => {}); // cut off in the middle of its bytes
      stranger.write(Buffer.alloc(1_000_000, 0xff));
      await new Promise((resolve) => stranger.once('close', resolve));
    },
    14: () => engine.openLane('nobody', 1).catch((error: unknown) => refusals.push(error)),
  };
  function feed(other: LaneHandle, samples: Float32Array): void {
    other.onFailed((error) => failures.push(error));
    other.push(samples);
  }
  const sent: Promise<unknown>[] = [];
  const frames = await call(lane, (frame) => {
    const next = bad[frame];
    if (next !== undefined) sent.push(next());
  });
  await Promise.all(sent);
  t.same(heard(frames), expected);
  t.match(
    failures.map(({ code }) => code),
    Array(4).fill('LANE_INPUT_INVALID'),
  );
  t.match(refusals, [
    { code: 'LANE_WORDS_INVALID', message: /vocabulary does not have/ },
    { code: 'PERSONA_UNKNOWN', message: /nobody .*barn/ },
  ]);
  lane.close();
  t.equal((await Promise.all([1, 2, 3].map(open))).length, 3, 'and no lane is lost');
});

t.test('a model folder of another architecture, or with another tokenizer, is named and not tried again', async (t) => {
  const directory = t.testdir({ llama: {} });
  const llama = join(directory, 'llama');
  const tensor = { dtype: 'F32', shape: [2], data: Buffer.alloc(8) };
  for (const name of [publishedNames.lm, publishedNames.mimi])
    writeTensors(join(llama, name), new Map([['model.embed_tokens.weight', tensor]]));
  writeFileSync(join(llama, 'config.json'), '{"architectures": ["LlamaForCausalLM"], "hidden_size": 4096}');
  await t.rejects(start(t, llama).ready, {
    code: 'MODEL_TENSOR_MISSING',
    message: /model\.safetensors has no tensor text_emb\.weight/,
    remedy: /PersonaPlex architecture/,
  });

  const mixed = join(directory, 'mixed');
  writeRandomCheckpoint({ directory: mixed, config: readConfigFile(join(wrapDirectory, 'config.json')), seed: 1 });
  cpSync(join(nanoDirectory, 'tokenizer_spm.model'), join(mixed, publishedNames.tokenizer));
  const supervisor = start(t, mixed);
  await t.rejects(supervisor.ready, { code: 'TOKENIZER_INVALID', message: /560 pieces, the model 64 text ids/ });
  t.equal(supervisor.pid, null);
});

t.test('another library than the tested one is named with what to do', async (t) => {
  process.env['ORT_LIBRARY'] = 'libc.so.6';
  t.teardown(() => {
    delete process.env['ORT_LIBRARY'];
  });
  await t.rejects(start(t, nanoDirectory).ready, { code: 'ORT_LIBRARY_MISSING', remedy: /ORT_LIBRARY/ });
});
