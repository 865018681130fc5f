import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import type { AgentFrame, EngineClient, LaneHandle } from '../../../src/engine/contract.ts';
import { connectEngine } from '../../../src/engine/serving/client.ts';
import { encodeClientMessage } from '../../../src/engine/serving/frame-port.ts';
import { LaneScheduler } from '../../../src/engine/serving/lane-scheduler.ts';
import { startPortServer } from '../../../src/engine/serving/port-server.ts';
import { StageClock } from '../../../src/engine/serving/stage-timings.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import type { ErrorRecord } from '../../../src/runtime/errors.ts';
import { EchoModel, failSample } from './echo-model.ts';

async function serve(t: Test, lanes: number) {
  const folder = mkdtempSync(join(tmpdir(), 'speakerpost-test-'));
  const socketPath = join(folder, 'engine.sock');
  const model = new EchoModel(lanes);
  const invalid: ErrorRecord[] = [];
  const scheduler = new LaneScheduler({
    model,
    images: new Map([['barn', await model.preparePersona({ textTokens: [] })]]),
    pieceOf: (token) => (token === 3 ? null : ` t${token}`),
    clock: systemClock,
    timings: new StageClock(),
    onRunFailed: () => {},
  });
  const onInvalid = (error: ErrorRecord) => invalid.push(error);
  const server = await startPortServer({ socketPath, scheduler, textLeadMs: 400, onInvalid });
  t.teardown(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });
  return { socketPath, server, invalid };
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
  const open = encodeClientMessage({ kind: 'open', conversation: 1, seed: 1, persona: 'barn' });
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
  deaf.write(encodeClientMessage({ kind: 'open', conversation: 1, seed: 1, persona: 'barn' }));
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
