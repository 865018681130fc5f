import { spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import t from 'tap';
import { openCheckpoint } from '../../src/engine/checkpoint/checkpoint.ts';
import { openCallLog } from '../../src/engine/replay/call-log.ts';
import { checkpointFingerprint, promptFingerprint } from '../../src/engine/replay/fingerprint.ts';

const program = resolve(import.meta.dirname, '../../bin/speakerpost.mjs');
const nano = resolve(import.meta.dirname, '../../models/nano');
const run = (args: readonly string[]) =>
  spawnSync(process.execPath, [program, 'replay', ...args], { encoding: 'utf8', timeout: 60_000 });

t.test("a log whose tokens are not the model's is told with the frame, the stream and both tokens", async (t) => {
  const file = join(t.testdir(), 'c_1.tokens');
  const checkpoint = openCheckpoint(nano);
  const { voiceCodes, textTokens } = checkpoint.configuration.prompt;
  if (voiceCodes === null || textTokens === null) throw new Error('the nano model brings no prompt');
  const hash = promptFingerprint({ textTokens, voice: { kind: 'codes', frames: voiceCodes } });
  const log = openCallLog(
    file,
    {
      startedWallMs: 0,
      seed: 1,
      codebooks: 8,
      model: nano,
      device: 'cpu',
      checkpoint: checkpointFingerprint(checkpoint),
      persona: { id: 'barn', text: null, voice: null, hash },
    },
    (error) => t.fail(error.message),
  );
  for (let frame = 0; frame < 3; frame++)
    log.frame({ tokens: { text: 559, agent: new Int32Array(8) }, userCodes: new Int32Array(8) }, undefined);
  log.close();
  await new Promise((done) => setTimeout(done, 200));

  const { status, stdout } = run([file]);
  t.equal(status, 1);
  t.match(
    stdout,
    /3 frames \(0\.2 s\) .* persona barn, seed 1, taken on cpu\n0 frames are equal; frame 0 .* differs in text: the call had 559, here it is \d+\n/,
  );
  const json = JSON.parse(run([file, '--json']).stdout);
  t.match(json, { equalFrames: 0, divergence: { stream: 'text', recorded: 559 } });
});

t.test('a call without a log, and no call at all, are told apart', async (t) => {
  const missing = run([join(t.testdir(), 'none.tokens')]);
  t.equal(missing.status, 1);
  t.match(missing.stderr, /CALL_LOG_INVALID: .*none\.tokens.*ENOENT.*\n.*What to do: /);
  t.equal(run([]).status, 2);
});
