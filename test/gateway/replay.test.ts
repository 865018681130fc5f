import { spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import t from 'tap';
import { placeScriptedCall } from '../../src/phone/phone.ts';
import { eventually } from '../support/eventually.ts';
import { runningGateway } from '../support/running-gateway.ts';

const ROOT = resolve(import.meta.dirname, '../..');

t.test('a call that was taken is replayed by its id, equal to the last token', { timeout: 110_000 }, async (t) => {
  const { gateway, store } = await runningGateway(t, { recording: { tokens: true } });
  const wavFile = join(ROOT, 'assets/apology.wav'); // any speech will do
  const abort = new AbortController();
  setTimeout(() => abort.abort(), 6_000);
  await placeScriptedCall({ target: store.target, wavFile, signal: abort.signal });
  const callId = (await gateway.reader.listCalls({ limit: 1 }))[0]?.callId ?? '';
  const file = join(store.directory, 'data/recordings', `${callId}.tokens`);
  await eventually('the log is on disk', 5_000, async () =>
    existsSync(file) && statSync(file).size > 1_000 ? true : null,
  );
  const metrics = await gateway.metrics.registry.metrics();
  t.match(metrics, /speakerpost_engine_ms\{(engine="0",)?stage="total",quantile="0\.99"\} \d/);
  await gateway.stop();
  const replay = spawnSync(
    process.execPath,
    [join(ROOT, 'bin/speakerpost.mjs'), 'replay', callId, '--config', store.configFile],
    { encoding: 'utf8', timeout: 60_000 },
  );
  t.equal(replay.status, 0, replay.stdout + replay.stderr);
  t.match(replay.stdout, /\.tokens: \d+ frames .* taken on cpu\nequal to the last token\n/);
});
