import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { openCheckpoint } from '../../../src/engine/checkpoint/checkpoint.ts';
import type { LaneHandle } from '../../../src/engine/contract.ts';
import { readCallLog } from '../../../src/engine/replay/call-log.ts';
import { checkpointFingerprint, promptFingerprint } from '../../../src/engine/replay/fingerprint.ts';
import { replayCall } from '../../../src/engine/replay/replay.ts';
import { connectEngine } from '../../../src/engine/serving/client.ts';
import { startEngineProcess } from '../../../src/engine/serving/supervisor.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import { copyWrap, nanoDirectory, wrapDirectory } from '../model/support.ts';

const tone = (frame: number) =>
  Float32Array.from({ length: 1920 }, (_, i) => 0.3 * Math.sin((frame * 1920 + i) * 0.03 * (1 + (frame % 4))));

async function converse(lane: LaneHandle, count: number): Promise<void> {
  let answered = 0;
  await new Promise<void>((resolve, reject) => {
    lane.onFailed((error) => reject(new Error(error.code)));
    lane.onFrame(() => {
      if (++answered === count) resolve();
      else lane.push(tone(answered));
    });
    lane.push(tone(0));
  });
}

t.test(
  'a call of the engine runs again to the same tokens, given words included; a changed one is told where',
  async (t) => {
    const directory = t.testdir();
    const supervisor = startEngineProcess(
      {
        modelDirectory: nanoDirectory,
        lanes: 2,
        device: 'cpu',
        threads: 1,
        personas: [{ id: 'barn', text: 'You work for Burger Barn.', voice: null }],
      },
      { clock: systemClock, log: silentLog },
    );
    t.teardown(() => supervisor.stop());
    await supervisor.ready;
    const engine = await connectEngine(supervisor.socketPath);
    const file = join(directory, 'call.tokens');
    const lane = await engine.openLane('barn', 42, file);
    const neighbour = await engine.openLane('barn', 43);
    const said = lane.say('Your total is seven dollars.');
    await Promise.all([converse(lane, 60), converse(neighbour, 60)]);
    await said;
    lane.close();
    engine.close();
    await supervisor.stop();

    const { header, frames } = readCallLog(file);
    t.match(header, { seed: 42, device: 'cpu', persona: { id: 'barn', text: 'You work for Burger Barn.' } });
    t.equal(frames.length, 60);
    t.ok(frames.some(({ givenText }) => givenText !== null && givenText > 3));
    t.ok(new Set(frames.map(({ userCodes }) => userCodes.join())).size > 10, 'what the user said');
    t.match(await replayCall(file, nanoDirectory), { frames: 60, equalFrames: 60, divergence: null });

    const bytes = readFileSync(file);
    const headerEnd = bytes.indexOf(10) + 1;
    const changed = join(directory, 'changed.tokens');
    const codeAt = headerEnd + 37 * 40 + 8 + 2 * (8 + 2);
    const recorded = (bytes.readUInt16LE(codeAt) + 1) % 512;
    bytes.writeUInt16LE(recorded, codeAt);
    writeFileSync(changed, bytes);
    t.match(await replayCall(changed, nanoDirectory), {
      frames: 60,
      equalFrames: 37,
      divergence: { frame: 37, stream: 'agent codebook 3', recorded },
    });

    const header2 = bytes.toString('utf8', 0, headerEnd).replace('Burger Barn', 'Taco Lane');
    writeFileSync(changed, Buffer.concat([Buffer.from(header2), bytes.subarray(headerEnd)]));
    await t.rejects(replayCall(changed, nanoDirectory), { code: 'CALL_LOG_MISMATCH', details: { what: 'persona' } });
    await t.rejects(replayCall(file, wrapDirectory), { code: 'CALL_LOG_MISMATCH', details: { what: 'checkpoint' } });
  },
);

t.test('a fingerprint is that of the content: copies have the same, a changed byte or setting another', async (t) => {
  const copy = join(t.testdir(), 'copy');
  copyWrap(copy);
  const fingerprint = (directory: string) => checkpointFingerprint(openCheckpoint(directory));
  const original = fingerprint(wrapDirectory);
  t.equal(fingerprint(copy), original);
  const weights = readFileSync(join(copy, 'lm.safetensors'));
  weights[900_000] = (weights[900_000] ?? 0) ^ 1;
  writeFileSync(join(copy, 'lm.safetensors'), weights);
  t.not(fingerprint(copy), original);
  cpSync(join(wrapDirectory, 'lm.safetensors'), join(copy, 'lm.safetensors'));
  t.equal(fingerprint(copy), original);
  writeFileSync(join(copy, 'config.json'), `${readFileSync(join(copy, 'config.json'), 'utf8')} `);
  t.not(fingerprint(copy), original);

  const samples = (value: number) => ({ kind: 'samples', samples: new Float32Array(10).fill(value) }) as const;
  const prompts = [
    { textTokens: [1, 2], voice: samples(0) },
    { textTokens: [1, 2], voice: samples(0.5) },
    { textTokens: [12], voice: samples(0) },
    { textTokens: [1, 2], voice: { kind: 'codes', frames: [[1, 2]] } },
    { textTokens: [1, 2], voice: { kind: 'embeddings', embeddings: new Float32Array(10), count: 5, cache: [[1]] } },
  ] as const;
  t.equal(new Set(prompts.map(promptFingerprint)).size, prompts.length);
});
