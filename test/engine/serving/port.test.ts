import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { AgentFrame, EngineClient, LaneHandle } from '../../../src/engine/contract.ts';
import { Admission } from '../../../src/engine/serving/admission.ts';
import { connectEngine } from '../../../src/engine/serving/client.ts';
import { encodeClientMessage } from '../../../src/engine/serving/frame-port.ts';
import { type LaneRequest, LaneScheduler } from '../../../src/engine/serving/lane-scheduler.ts';
import { PersonaImages } from '../../../src/engine/serving/persona-images.ts';
import { startPortServer } from '../../../src/engine/serving/port-server.ts';
import { StageClock } from '../../../src/engine/serving/stage-timings.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { type ErrorRecord, SpeakerpostError } from '../../../src/runtime/errors.ts';
import { EchoModel, failSample } from './echo-model.ts';

/** A token a word: its length. */
function wordsAsLengths(words: string, lane: number): number[] {
  if (words === '$') throw new SpeakerpostError('LANE_WORDS_INVALID', { lane, words, reason: 'no such sign' });
  return words.split(' ').map((word) => word.length);
}

async function serve(t: Test, lanes: number) {
  const folder = mkdtempSync(join(tmpdir(), 'speakerpost-test-'));
  const socketPath = join(folder, 'engine.sock');
  const model = new EchoModel(lanes);
  const invalid: ErrorRecord[] = [];
  const images = new PersonaImages({
    personas: [{ id: 'barn', text: null, voice: null }],
    prepare: () => model.preparePersona({ textTokens: [] }),
    release: () => {},
    limit: { count: 1, bytes: 1e6 },
  });
  const logged: LaneRequest[] = [];
  const log = { frame: () => {}, close: () => {} };
  const scheduler = new LaneScheduler({
    model,
    imageOf: (id) => images.get(id),
    admission: new Admission(null),
    openLog: (request) => {
      logged.push(request);
      return log;
    },
    pieceOf: (token) => (token === 3 ? null : ` t${token}`),
    clock: systemClock,
    timings: new StageClock(),
    onRunFailed: () => {},
  });
  const onInvalid = (error: ErrorRecord) => invalid.push(error);
  const server = await startPortServer({
    socketPath,
    scheduler,
    textStream: wordsAsLengths,
    textLeadMs: 400,
    onInvalid,
  });
  t.teardown(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });
  return { socketPath, server, invalid, logged };
}

async function client(t: Test, socketPath: string): Promise<EngineClient> {
  const connected = await connectEngine(socketPath);
  t.teardown(() => connected.close());
  return connected;
}

const framesOf = (lane: LaneHandle, count: number) =>
  new Promise<AgentFrame[]>((resolve) => {
    const frames: AgentFrame[] = [];
    lane.onFrame((frame) => {
      if (frames.push(frame) === count) resolve(frames);
    });
  });
const failureOf = (lane: LaneHandle) => new Promise<ErrorRecord>((resolve) => lane.onFailed(resolve));
const sound = (value: number) => new Float32Array(1920).fill(value);

t.test('two lanes talk at once, each with its own seed, sound and text', async (t) => {
  const { socketPath } = await serve(t, 2);
  const engine = await client(t, socketPath);
  t.equal(engine.textLeadMs, 400);
  t.equal(statSync(socketPath).mode & 0o777, 0o600);
  const a = await engine.openLane('barn', 1);
  const b = await engine.openLane('barn', 2);
  t.same([a.index, b.index], [0, 1]);
  const answers = Promise.all([framesOf(a, 5), framesOf(b, 5)]);
  for (let frame = 0; frame < 5; frame++) {
    a.push(sound(0.25));
    b.push(sound(0.5));
  }
  const [fromA, fromB] = await answers;
  t.same(
    fromA.map(({ frame }) => frame),
    [0, 1, 2, 3, 4],
  );
  t.same(
    fromA.map(({ piece }) => piece),
    [' t10', ' t11', null, ' t13', ' t14'],
  );
  t.ok(fromA.every(({ samples }) => samples.length === 1920 && samples.every((sample) => sample === 1.25)));
  t.ok(fromB.every(({ samples }) => samples.every((sample) => sample === 2.5)));
  t.ok(fromA.every(({ waitMs, runMs }) => waitMs >= 0 && runMs > 0));
});

t.test('lanes are refused with the reason, and free again after close and after the connection ends', async (t) => {
  const { socketPath } = await serve(t, 1);
  const engine = await client(t, socketPath);
  await t.rejects(engine.openLane('shack', 1), { code: 'PERSONA_UNKNOWN' });
  const lane = await engine.openLane('barn', 1);
  await t.rejects(engine.openLane('barn', 1), { code: 'LANE_NONE_FREE' });
  lane.close();
  await engine.openLane('barn', 1);
  engine.close();
  const other = await client(t, socketPath);
  for (;;) {
    const opened = await other.openLane('barn', 1).catch(() => null);
    if (opened !== null) break;
  }
  await t.rejects(engine.openLane('barn', 1), { code: 'ENGINE_LOST' });
});

t.test('a lane that fails is told once, and its late frames disturb nobody', async (t) => {
  const { socketPath } = await serve(t, 2);
  const engine = await client(t, socketPath);
  const lane = await engine.openLane('barn', 1);
  const failure = failureOf(lane);
  lane.push(sound(Number.NaN));
  lane.push(sound(0));
  t.match(await failure, { code: 'LANE_INPUT_INVALID', details: { lane: 0 } });
  lane.push(sound(0));
  const short = await engine.openLane('barn', 1);
  short.push(new Float32Array(3));
  t.match(await failureOf(short), { code: 'LANE_INPUT_INVALID' }, 'also for a listener that comes later');
  const next = await engine.openLane('barn', 1);
  const frames = framesOf(next, 1);
  next.push(sound(0));
  t.match(await frames, [{ frame: 0, textToken: 10 }]);
});

t.test('a failed run reaches every lane', async (t) => {
  const { socketPath } = await serve(t, 2);
  const engine = await client(t, socketPath);
  const lanes = [await engine.openLane('barn', 1), await engine.openLane('barn', 2)];
  const failures = Promise.all(lanes.map(failureOf));
  lanes[1]?.push(sound(failSample));
  t.match(await failures, [{ code: 'ENGINE_RUN_FAILED' }, { code: 'ENGINE_RUN_FAILED' }]);
});

t.test('garbage closes its connection, frees its lanes and leaves the others alone', async (t) => {
  const { socketPath, invalid } = await serve(t, 2);
  const engine = await client(t, socketPath);
  const lane = await engine.openLane('barn', 1);
  const open = encodeClientMessage({ kind: 'open', conversation: 1, seed: 1, persona: 'barn', logFile: null });
  const inputs = [Buffer.from('GET / HTTP/1.1\r\n\r\n'), Buffer.alloc(64), Buffer.concat([open, open])];
  for (const bytes of inputs) {
    const stranger = connect(socketPath);
    stranger.resume();
    stranger.write(bytes);
    await new Promise((resolve) => stranger.once('close', resolve));
  }
  t.match(
    invalid,
    inputs.map(() => ({ code: 'FRAME_PORT_INVALID' })),
  );
  const frames = framesOf(lane, 1);
  lane.push(sound(0));
  await frames;
  t.equal((await engine.openLane('barn', 1)).index, 1, 'the lane of the third stranger is free again');
});

t.test('a client that stops reading loses its lane instead of filling memory', async (t) => {
  const { socketPath } = await serve(t, 2);
  const deaf = connect(socketPath);
  t.teardown(() => deaf.destroy());
  deaf.write(encodeClientMessage({ kind: 'open', conversation: 1, seed: 1, persona: 'barn', logFile: null }));
  await new Promise((resolve) => deaf.once('readable', resolve)); // and nothing is read from now on
  const engine = await client(t, socketPath);
  await engine.openLane('barn', 1);
  await t.rejects(engine.openLane('barn', 1), { code: 'LANE_NONE_FREE' });
  let freed = false;
  for (let frame = 0; frame < 500 && !freed; frame++) {
    deaf.write(encodeClientMessage({ kind: 'user', conversation: 1, frame, samples: sound(0) }));
    await new Promise((resolve) => setTimeout(resolve, 2));
    if (frame % 10 === 0)
      freed = await engine.openLane('barn', 1).then(
        () => true,
        () => false,
      );
  }
  t.ok(freed, 'its lane is free for the next call');
});

t.test('the end of the process is lost to the client, its lanes and its openings', async (t) => {
  const { socketPath, server } = await serve(t, 2);
  const engine = await client(t, socketPath);
  const lane = await engine.openLane('barn', 1);
  const lost = new Promise<ErrorRecord>((resolve) => engine.onLost(resolve));
  const failure = failureOf(lane);
  server.close();
  t.match(await lost, { code: 'ENGINE_LOST', details: { socket: socketPath } });
  t.match(await failure, { code: 'ENGINE_LOST' });
  await t.rejects(engine.openLane('barn', 1), { code: 'ENGINE_LOST' });
  await t.rejects(connectEngine(socketPath), { code: 'ENGINE_UNREACHABLE' });
});

t.test('words go to the lane, are spoken in order and told when they have sounded', async (t) => {
  const { socketPath } = await serve(t, 2);
  const engine = await client(t, socketPath);
  const lane = await engine.openLane('barn', 1);
  const other = await engine.openLane('barn', 1);
  const told: string[] = [];
  const saidAll = Promise.all([
    lane.say('your total').then(() => told.push('total')),
    lane.say('is seven').then(() => told.push('seven')),
  ]);
  await t.rejects(lane.say('$'), { code: 'LANE_WORDS_INVALID', message: /no such sign/ });
  await t.rejects(lane.say('x'.repeat(5_000)), { code: 'LANE_WORDS_INVALID', message: /4096 bytes/ });
  const frames = framesOf(lane, 5);
  const others = framesOf(other, 5);
  for (let frame = 0; frame < 5; frame++) {
    lane.push(sound(0));
    other.push(sound(0));
  }
  t.same(
    (await frames).map(({ textToken }) => textToken),
    [4, 5, 2, 5, 14],
  );
  t.same(
    (await others).map(({ textToken }) => textToken),
    [10, 11, 3, 13, 14],
  );
  await saidAll;
  t.same(told, ['total', 'seven']);
});

t.test('words that a lane never says are refused when it is closed, fails or is gone', async (t) => {
  const { socketPath, server } = await serve(t, 3);
  const engine = await client(t, socketPath);
  const closed = await engine.openLane('barn', 1);
  const failing = await engine.openLane('barn', 1);
  const lost = await engine.openLane('barn', 1);
  const never = [closed, failing, lost].map((lane) => lane.say('a'));
  const refused = Promise.all([
    t.rejects(never[0] ?? Promise.resolve(), { code: 'LANE_WORDS_INVALID' }),
    t.rejects(never[1] ?? Promise.resolve(), { code: 'LANE_INPUT_INVALID' }),
    t.rejects(never[2] ?? Promise.resolve(), { code: 'ENGINE_LOST' }),
  ]);
  closed.close();
  await t.rejects(closed.say('b'), { code: 'LANE_WORDS_INVALID', message: /closed/ });
  const failure = failureOf(failing);
  failing.push(sound(Number.NaN));
  await failure;
  await t.rejects(failing.say('b'), { code: 'LANE_INPUT_INVALID' });
  server.close();
  await refused;
  engine.close();
});

t.test('the file for the log of a call reaches the engine', async (t) => {
  const { socketPath, logged } = await serve(t, 1);
  const engine = await client(t, socketPath);
  await engine.openLane('barn', 9, '/calls/ä.tokens');
  t.match(logged, [{ personaId: 'barn', seed: 9, logFile: '/calls/ä.tokens' }]);
});

t.test('a thousand calls opened and closed at random leave no lane taken', async (t) => {
  const lanes = 8;
  const { socketPath } = await serve(t, lanes);
  const engine = await client(t, socketPath);
  let state = 1;
  const random = (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const open: LaneHandle[] = [];
  for (let call = 0; call < 1_000; call++) {
    if (open.length === lanes) open.splice(random(lanes), 1)[0]?.close();
    const lane = await engine.openLane('barn', call);
    open.push(lane);
    for (let frame = random(4); frame > 0; frame--) lane.push(sound(frame / 8));
    if (random(3) === 0) lane.say('some words').catch(() => {});
    if (random(2) === 0) open.splice(random(open.length), 1)[0]?.close();
  }
  for (const lane of open) lane.close();
  const again = await Promise.all(Array.from({ length: lanes }, (_, call) => engine.openLane('barn', call)));
  t.same(
    again.map(({ index }) => index).sort(),
    Array.from({ length: lanes }, (_, index) => index),
  );
  await t.rejects(engine.openLane('barn', 0), { code: 'LANE_NONE_FREE', message: /all 8 are in use/ });
});
