import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import type { SessionStats } from '../../../src/media/contract.ts';
import { formatWav } from '../../../src/runtime/wav.ts';
import { EchoModel } from '../../engine/serving/echo-model.ts';
import { decodeRecording } from '../../support/ogg.ts';
import { levelAt, tone } from '../../support/signals.ts';
import { until } from '../session-pair.ts';
import { guest, type Rig, serveEcho, sessionOf, startRig } from './plane-rig.ts';

const RATE_HZ = 24_000;

/** A WAV file with one second of 700 Hz at 16 kHz: nothing else in these tests sounds like it. */
function apology(rig: Rig): string {
  const file = join(rig.folder, 'apology.wav');
  writeFileSync(file, formatWav(16_000, [tone(700, 1, 16_000)]));
  return file;
}

/** The last half second that the guest heard. */
const lately = (heard: Float32Array) => heard.slice(-RATE_HZ / 2);

t.test('two calls at once each hear their own lane, with text, figures and digits; one is recorded', async (t) => {
  const rig = startRig(t);
  const server = await serveEcho(rig.socketPath, 2);
  t.teardown(() => server.close());
  const guests = [await guest(t, 500), await guest(t, 1_200)] as const;
  const recordingPath = join(rig.folder, 'a');
  const a = await rig.plane.open(sessionOf('a', guests[0].session.rtpPort, { recordingPath }));
  const b = await rig.plane.open(sessionOf('b', guests[1].session.rtpPort));
  t.not(a.rtpPort, b.rtpPort);
  t.same([a.laneIndex, b.laneIndex].sort(), [0, 1]);
  await t.rejects(rig.plane.open(sessionOf('c', guests[0].session.rtpPort)), { code: 'LANE_NONE_FREE' });

  const spoken: { callId: string; frame: number; piece: string | null; atMs: number }[] = [];
  rig.plane.on('spoken', (piece) => spoken.push(piece));
  const digits: string[] = [];
  rig.plane.on('dtmf', ({ callId, digit }) => digits.push(`${callId}${digit}`));
  const stats: SessionStats[] = [];
  rig.plane.on('stats', (figures) => stats.push(figures));
  rig.plane.start('a');
  rig.plane.start('b');
  guests[0].call(a.rtpPort);
  guests[1].call(b.rtpPort);
  guests[1].session.sendDtmf('5');
  await until(() => guests.every(({ heard }) => heard.heard.length > 30) && stats.length >= 4);

  const [first, second] = guests.map(({ heard }) => lately(heard.sound)) as [Float32Array, Float32Array];
  t.ok(levelAt(first, 500, RATE_HZ) > 0.2, 'the first hears its own tone');
  t.ok(levelAt(first, 1_200, RATE_HZ) < 0.01, 'and nothing of the other');
  t.ok(levelAt(second, 1_200, RATE_HZ) > 0.2, 'the second hears its own tone');
  t.ok(levelAt(second, 500, RATE_HZ) < 0.01, 'and nothing of the first');
  t.same(digits, ['b5']);
  const ofA = spoken.filter(({ callId }) => callId === 'a');
  t.same(
    ofA.slice(0, 10).map(({ frame }) => frame),
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  );
  t.ok(ofA.some(({ piece }) => piece?.startsWith('▁t')));
  t.ok(
    ofA.every(({ atMs, frame }) => atMs >= 400 + 80 * frame),
    'text is timed by its sound: 400 ms lead and 80 ms a frame',
  );
  const figures = stats.findLast(({ callId }) => callId === 'a');
  t.ok((figures?.framesIn ?? 0) > 10 && figures?.packetsLost === 0);

  const closed = await rig.plane.close('a');
  t.equal(closed.recording, `${recordingPath}.opus`);
  const { left, right } = await decodeRecording(readFileSync(closed.recording ?? ''));
  t.ok(levelAt(left.slice(RATE_HZ, 2 * RATE_HZ), 500, RATE_HZ) > 0.2, 'heard, on the left');
  t.ok(levelAt(right.slice(RATE_HZ, 2 * RATE_HZ), 500, RATE_HZ) > 0.2, 'echoed, on the right');
  const again = await rig.plane.open(sessionOf('d', guests[0].session.rtpPort));
  t.equal(again.laneIndex, a.laneIndex, 'the lane of a closed call is free again');
  await t.rejects(rig.plane.close('unknown'), { code: 'MEDIA_SESSION_UNKNOWN' });
});

t.test('words given to a call are said by its agent and by no other, and end with the call', async (t) => {
  const rig = startRig(t);
  const server = await serveEcho(rig.socketPath, 2);
  t.teardown(() => server.close());
  const guests = [await guest(t, 500), await guest(t, 1_200)] as const;
  const a = await rig.plane.open(sessionOf('a', guests[0].session.rtpPort));
  const b = await rig.plane.open(sessionOf('b', guests[1].session.rtpPort));
  const said: string[] = [];
  rig.plane.on('spoken', ({ callId, piece }) => piece !== null && said.push(`${callId}${piece}`));
  rig.plane.start('a');
  rig.plane.start('b');
  guests[0].call(a.rtpPort);
  guests[1].call(b.rtpPort);
  await rig.plane.say('a', '700 701 702');
  const words = ['a▁t700', 'a▁t701', 'a▁t702'];
  await until(() => said.includes('a▁t702'));
  t.same(
    said.filter((word) => /t7\d\d/.test(word)),
    words,
  );
  await t.rejects(rig.plane.say('a', '2000000'), { code: 'LANE_WORDS_INVALID' }, 'no token of the model');
  const cut = rig.plane.say('a', Array.from({ length: 100 }, () => '703').join(' '));
  const refused = t.rejects(cut, { code: 'LANE_WORDS_INVALID' });
  await rig.plane.close('a');
  await refused;
  await t.rejects(rig.plane.say('a', '1'), { code: 'MEDIA_SESSION_UNKNOWN' });
});

t.test(
  'an engine that dies in a call fails its lane, the clip is heard, and the next call after its return works',
  async (t) => {
    const rig = startRig(t);
    const server = await serveEcho(rig.socketPath, 1);
    const caller = await guest(t, 500);
    const { rtpPort } = await rig.plane.open(sessionOf('a', caller.session.rtpPort));
    rig.plane.start('a');
    caller.call(rtpPort);
    await until(() => caller.heard.heard.length > 8);
    const failed = rig.next('laneFailed');
    server.close();
    t.match(await failed, { callId: 'a', error: { code: 'ENGINE_LOST' } });
    await t.rejects(rig.plane.open(sessionOf('b', caller.session.rtpPort)), { code: 'LANE_UNAVAILABLE' });
    const before = caller.heard.sound.length;
    await rig.plane.play('a', apology(rig));
    await until(() => caller.heard.sound.length > before + RATE_HZ);
    t.ok(levelAt(caller.heard.sound.slice(before + RATE_HZ / 4, before + (3 * RATE_HZ) / 4), 700, RATE_HZ) > 0.15);

    const reborn = await serveEcho(rig.socketPath, 1);
    t.teardown(() => reborn.close());
    const next = await rig.plane.open(sessionOf('c', caller.session.rtpPort));
    t.equal(next.laneIndex, 0);
  },
);

t.test(
  'an engine that gives no frame for a second has hung: the lane fails, the other side still hears packets',
  async (t) => {
    const rig = startRig(t);
    const model = new EchoModel(1);
    const step = model.step.bind(model);
    let hangs = false;
    model.step = (frames) => (hangs ? new Promise(() => {}) : step(frames));
    const server = await serveEcho(rig.socketPath, 1, model);
    t.teardown(() => server.close());
    const caller = await guest(t, 500);
    const { rtpPort } = await rig.plane.open(sessionOf('a', caller.session.rtpPort));
    rig.plane.start('a');
    caller.call(rtpPort);
    await until(() => caller.heard.heard.length > 8);
    const failed = rig.next('laneFailed');
    hangs = true;
    t.match(await failed, { callId: 'a', error: { code: 'LANE_HUNG' } });
    const before = caller.session.stats.packetsReceived;
    await until(() => caller.session.stats.packetsReceived > before + 10);
  },
);

t.test(
  'a media thread that dies in a call is replaced: the same port plays the apology, the recording is kept',
  async (t) => {
    const rig = startRig(t);
    const server = await serveEcho(rig.socketPath, 1);
    t.teardown(() => server.close());
    const caller = await guest(t, 500);
    const recordingPath = join(rig.folder, 'a');
    const { rtpPort } = await rig.plane.open(sessionOf('a', caller.session.rtpPort, { recordingPath }));
    rig.plane.start('a');
    caller.call(rtpPort);
    await until(() => existsSync(`${recordingPath}.opus.part`) && caller.heard.heard.length > 20);
    const failed = rig.next('workerFailed');
    await rig.workers[0]?.terminate();
    t.match(await failed, { code: 'MEDIA_WORKER_DIED' });

    const again = await rig.plane.open(sessionOf('a', caller.session.rtpPort, { lane: null, rtpPort }));
    t.equal(again.rtpPort, rtpPort);
    t.equal(again.laneIndex, null);
    rig.plane.start('a');
    const before = caller.heard.sound.length;
    await rig.plane.play('a', apology(rig));
    await until(
      () => levelAt(lately(caller.heard.sound), 700, RATE_HZ) > 0.1 || caller.heard.sound.length > before + 4 * RATE_HZ,
    );
    t.ok(levelAt(caller.heard.sound.slice(before), 700, RATE_HZ) > 0.02, 'the guest heard the clip');
    const closed = await rig.plane.close('a');
    t.equal(closed.recording, `${recordingPath}.opus`);
    t.equal(rig.workers.length, 2);

    const next = await rig.plane.open(sessionOf('b', caller.session.rtpPort));
    t.equal(next.laneIndex, 0, 'the dead thread left no lane behind');
  },
);

t.test('a crash of the thread refuses what waits and says why; its call closes with its figures', async (t) => {
  const rig = startRig(t);
  const server = await serveEcho(rig.socketPath, 1);
  t.teardown(() => server.close());
  const caller = await guest(t, 500);
  const { rtpPort } = await rig.plane.open(sessionOf('a', caller.session.rtpPort));
  rig.plane.start('a');
  caller.call(rtpPort);
  await rig.next('stats');
  const playing = t.rejects(rig.plane.play('a', apology(rig)), { code: 'MEDIA_WORKER_DIED' });
  await until(() => levelAt(lately(caller.heard.sound), 700, RATE_HZ) > 0.02);
  const failed = rig.next('workerFailed');
  rig.workers[0]?.postMessage(null); // no request: the thread falls over it
  await playing;
  t.match(await failed, { code: 'MEDIA_WORKER_DIED', details: { reason: /null/ } });
  const closed = await rig.plane.close('a');
  t.equal(closed.recording, null);
  t.ok(closed.stats.packetsReceived > 0);
  await t.rejects(rig.plane.play('a', join(rig.folder, 'missing.wav')), { code: 'WAV_INVALID' });
});

t.test('a thread that dies at its start is tried again after a second, and requests wait for it', async (t) => {
  const rig = startRig(t);
  const server = await serveEcho(rig.socketPath, 1);
  t.teardown(() => server.close());
  const failed = rig.next('workerFailed');
  await rig.workers[0]?.terminate();
  await failed;
  const caller = await guest(t, 500);
  const opened = await rig.plane.open(sessionOf('a', caller.session.rtpPort));
  t.equal(opened.laneIndex, 0);
  t.equal(rig.workers.length, 2);
});
