import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import t from 'tap';
import { Recorder, spawnRecordingWorker } from '../../../src/media/recording/recorder.ts';
import type { ErrorRecord } from '../../../src/runtime/errors.ts';
import { debianProgram } from '../../support/debian.ts';
import { decodeRecording, readOgg } from '../../support/ogg.ts';
import { levelAt, tone } from '../../support/signals.ts';
import { until } from '../session-pair.ts';

const RATE_HZ = 24_000;
const tags = {
  callId: 'call-42',
  startedWallMs: Date.UTC(2026, 0, 2, 3, 4, 5),
  codec: 'PCMU',
  consent: 'Calls are recorded – żółć',
};

/** Records both tones; the heard one on the left, the said one on the right. */
async function recordTones(path: string, seconds: number): Promise<string | null> {
  const recorder = new Recorder();
  const failures: ErrorRecord[] = [];
  const recording = recorder.open(path, tags, (error) => failures.push(error));
  const heard = tone(400, seconds, RATE_HZ);
  const said = tone(1_000, seconds, RATE_HZ);
  for (let at = 0; at < heard.length; at += 480) recording.write(heard.slice(at, at + 480), said.slice(at, at + 480));
  const file = await recording.close();
  await recorder.stop();
  t.same(failures, []);
  return file;
}

t.test('a closed recording has its duration, its channels apart, its tags, and no .part', async (t) => {
  const path = join(t.testdir(), 'call-42');
  const file = await recordTones(path, 2.5);
  t.equal(file, `${path}.opus`);
  t.notOk(existsSync(`${path}.opus.part`));
  const bytes = readFileSync(`${path}.opus`);
  const ogg = readOgg(bytes);
  t.ok(ogg.lastPageIsMarked);
  t.equal(ogg.granules.length, 2 + 3, 'head, tags, and a page a second');
  const comments = new TextDecoder().decode(ogg.packets[1]);
  for (const comment of ['CALL_ID=call-42', 'DATE=2026-01-02T03:04:05.000Z', 'CODEC=PCMU', `CONSENT=${tags.consent}`])
    t.match(comments, comment);

  const { left, right } = await decodeRecording(bytes);
  t.equal(left.length, 2.5 * RATE_HZ, 'to the sample');
  const middle = [left, right].map((channel) => channel.slice(RATE_HZ, 2 * RATE_HZ)) as [Float32Array, Float32Array];
  const expected = 0.3 / Math.SQRT2;
  t.ok(Math.abs(levelAt(middle[0], 400, RATE_HZ) / expected - 1) < 0.1, 'heard tone on the left');
  t.ok(Math.abs(levelAt(middle[1], 1_000, RATE_HZ) / expected - 1) < 0.1, 'said tone on the right');
  t.ok(levelAt(middle[0], 1_000, RATE_HZ) < expected / 30, 'said tone 30 dB down on the left');
  t.ok(levelAt(middle[1], 400, RATE_HZ) < expected / 30, 'heard tone 30 dB down on the right');
});

t.test('a recording whose process is killed plays up to its last second', async (t) => {
  const path = join(t.testdir(), 'killed');
  const child = spawn(process.execPath, [join(import.meta.dirname, 'endless-recording.ts'), path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => child.kill('SIGKILL'));
  const [line] = await once(child.stdout, 'data');
  t.match(String(line), 'ready');
  child.kill('SIGKILL');
  await once(child, 'exit');
  const bytes = readFileSync(`${path}.opus.part`);
  const { left } = await decodeRecording(bytes);
  t.ok(left.length >= 2.9 * RATE_HZ, `${left.length} samples`);
  t.ok(levelAt(left.slice(RATE_HZ, 2 * RATE_HZ), 400, RATE_HZ) > 0.19);
});

t.test('ffmpeg reads a recording and agrees on its duration and channels', async (t) => {
  const ffprobe = debianProgram(t, 'ffprobe');
  if (ffprobe === null) return;
  const file = (await recordTones(join(t.testdir(), 'probed'), 3)) ?? '';
  const entries = 'format=duration:stream=channels,codec_name:stream_tags=CALL_ID';
  const probe = execFileSync(ffprobe, ['-v', 'error', '-of', 'json', '-show_entries', entries, file]);
  const found = JSON.parse(String(probe)) as {
    format: { duration: string };
    streams: { codec_name: string; channels: number; tags: { CALL_ID: string } }[];
  };
  t.ok(Math.abs(Number(found.format.duration) - 3) < 0.01, found.format.duration);
  t.match(found.streams, [{ codec_name: 'opus', channels: 2, tags: { CALL_ID: 'call-42' } }]);
});

t.test('a ring that nobody empties fast enough ends the recording and keeps what was written', async (t) => {
  const path = join(t.testdir(), 'overload');
  const recorder = new Recorder();
  const failures: ErrorRecord[] = [];
  const recording = recorder.open(path, tags, (error) => failures.push(error));
  const slot = tone(400, 0.02, RATE_HZ);
  // 6 s in one turn of the loop: the thread cannot even start in that time.
  for (let i = 0; i < 300; i++) recording.write(slot, slot);
  t.match(failures, [{ code: 'RECORDING_OVERLOAD' }]);
  t.equal(failures.length, 1);
  t.equal(await recording.close(), `${path}.opus`);
  await recorder.stop();
  const { left } = await decodeRecording(readFileSync(`${path}.opus`));
  t.equal(left.length, 4 * RATE_HZ, 'the four seconds that the ring took');
});

t.test('a directory that cannot be written fails the one recording, not the others', async (t) => {
  const directory = t.testdir();
  const recorder = new Recorder();
  const failures: ErrorRecord[] = [];
  const bad = recorder.open(join(directory, 'missing', 'call'), tags, (error) => failures.push(error));
  const good = recorder.open(join(directory, 'good'), tags, (error) => failures.push(error));
  const slot = tone(400, 0.02, RATE_HZ);
  for (let i = 0; i < 50; i++) {
    bad.write(slot, slot);
    good.write(slot, slot);
  }
  t.equal(await bad.close(), null);
  t.equal(await good.close(), join(directory, 'good.opus'));
  await recorder.stop();
  t.match(failures, [{ code: 'RECORDING_FAILED', details: { reason: /ENOENT/ } }]);
});

t.test(
  'a recording thread that dies ends its recordings with what they have; the next one gets a new thread',
  async (t) => {
    const directory = t.testdir();
    const workers: Worker[] = [];
    const recorder = new Recorder(() => {
      const worker = spawnRecordingWorker();
      workers.push(worker);
      return worker;
    });
    const failures: ErrorRecord[] = [];
    const first = recorder.open(join(directory, 'first'), tags, (error) => failures.push(error));
    const slot = tone(400, 0.02, RATE_HZ);
    for (let i = 0; i < 100; i++) first.write(slot, slot);
    const part = join(directory, 'first.opus.part');
    await until(() => existsSync(part) && readOgg(readFileSync(part)).granules.length >= 4);
    await workers[0]?.terminate();
    t.equal(await first.close(), join(directory, 'first.opus'));
    t.match(failures, [{ code: 'RECORDING_WORKER_DIED' }]);
    t.equal((await decodeRecording(readFileSync(join(directory, 'first.opus')))).left.length, 2 * RATE_HZ - 156);
    first.write(slot, slot);

    const second = recorder.open(join(directory, 'second'), tags, (error) => failures.push(error));
    second.write(slot, slot);
    t.equal(await second.close(), join(directory, 'second.opus'));
    await recorder.stop();
    t.equal(workers.length, 2);
    t.equal(failures.length, 1);
  },
);
