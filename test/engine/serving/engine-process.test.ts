import { fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import t, { type Test } from 'tap';
import type { EngineState, EngineSupervisor } from '../../../src/engine/contract.ts';
import { connectEngine } from '../../../src/engine/serving/client.ts';
import { forkEngine } from '../../../src/engine/serving/engine-child.ts';
import type { StageTimings } from '../../../src/engine/serving/stage-timings.ts';
import { startEngineProcess } from '../../../src/engine/serving/supervisor.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import type { ErrorRecord } from '../../../src/runtime/errors.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import { blockLoopSample, failSample, hangSample } from './echo-model.ts';

const persona = { id: 'barn', text: 'You work', voice: null };
const options = { modelDirectory: 'echo', lanes: 2, device: 'cpu', threads: 1, personas: [persona] } as const;
const entry = new URL('./echo-engine.ts', import.meta.url);

function start(t: Test, given = {}) {
  const timings: StageTimings[] = [];
  const supervisor = startEngineProcess(
    { ...options, ...given },
    {
      clock: systemClock,
      log: silentLog,
      spawn: () => forkEngine(entry),
      onTimings: (taken) => timings.push(taken),
    },
  );
  t.teardown(() => supervisor.stop());
  return { supervisor, timings };
}

const stateOf = (supervisor: EngineSupervisor, kind: EngineState['kind']) =>
  new Promise<EngineState>((resolve) => supervisor.onState((state) => state.kind === kind && resolve(state)));
const sound = (value: number) => new Float32Array(1920).fill(value);

async function inCall(supervisor: EngineSupervisor) {
  await supervisor.ready;
  const engine = await connectEngine(supervisor.socketPath);
  const lane = await engine.openLane('barn', 5);
  const lost = new Promise<ErrorRecord>((resolve) => engine.onLost(resolve));
  const failed = new Promise<ErrorRecord>((resolve) => lane.onFailed(resolve));
  return { engine, lane, lost, failed };
}

t.test('a call through the process: ready, a lane, frames with text, timings', async (t) => {
  const { supervisor, timings } = start(t);
  t.match(await supervisor.ready, { model: 'echo', lanes: 2, parameters: 7, textLeadFrames: 5 });
  const engine = await connectEngine(supervisor.socketPath);
  t.equal(engine.textLeadMs, 400);
  const lane = await engine.openLane('barn', 5);
  const tokens: number[] = [];
  await new Promise<void>((resolve) => {
    lane.onFrame((frame) => {
      t.equal(frame.piece === null, frame.textToken === 3, 'padding has no piece');
      t.ok(frame.samples.every((sample) => sample === 5.5));
      if (tokens.push(frame.textToken) === 30) resolve();
    });
    for (let frame = 0; frame < 20; frame++) lane.push(sound(0.5));
    const rest = setInterval(() => lane.push(sound(0.5)), 5);
    t.teardown(() => clearInterval(rest));
  });
  t.ok(tokens.length >= 30, 'and those that came before this was told');
  while (timings.length === 0 || timings.every(({ frames }) => frames === 0))
    await new Promise((r) => setTimeout(r, 50));
  t.ok(timings.some(({ run, wait }) => run.count > 0 && wait.count > 0));
  engine.close();
});

t.test('kill -9 in a call: the client knows at once, and the engine comes back', async (t) => {
  const { supervisor } = start(t);
  const { lost, failed } = await inCall(supervisor);
  const pid = supervisor.pid;
  const down = stateOf(supervisor, 'failed');
  const up = stateOf(supervisor, 'ready');
  const killedAt = performance.now();
  if (pid !== null) process.kill(pid, 'SIGKILL');
  t.match(await lost, { code: 'ENGINE_LOST' });
  t.match(await failed, { code: 'ENGINE_LOST' });
  t.ok(performance.now() - killedAt < 1_000, 'within a second');
  t.match(await down, { error: { code: 'ENGINE_EXITED', details: { how: 'SIGKILL' } } });
  await up;
  t.not(supervisor.pid, pid);
  const again = await inCall(supervisor);
  again.engine.close();
});

for (const [what, value, code] of [
  ['a failed run', failSample, 'ENGINE_RUN_FAILED'],
  ['a run that never ends', hangSample, 'ENGINE_HUNG'],
  ['a native call that blocks the whole process', blockLoopSample, 'ENGINE_HUNG'],
] as const) {
  t.test(`${what} ends the process and it starts again`, async (t) => {
    const { supervisor } = start(t);
    const { lane, failed } = await inCall(supervisor);
    const down = stateOf(supervisor, 'failed');
    const up = stateOf(supervisor, 'ready');
    lane.push(sound(value));
    t.match(await failed, { code: code === 'ENGINE_HUNG' ? 'ENGINE_LOST' : code });
    t.match(await down, { error: { code } });
    await up;
  });
}

t.test('a process that is stopped by a signal is killed, its lanes fail, and the next one serves', async (t) => {
  const { supervisor } = start(t);
  const { lost, failed } = await inCall(supervisor);
  const { pid } = supervisor;
  const down = stateOf(supervisor, 'failed');
  const up = stateOf(supervisor, 'ready');
  process.kill(pid ?? 0, 'SIGSTOP');
  t.match(await failed, { code: 'ENGINE_LOST' });
  t.match(await lost, { code: 'ENGINE_LOST' });
  t.match(await down, { error: { code: 'ENGINE_HUNG', details: { pid, what: 'no sign of life', hungMs: 800 } } });
  await up;
  const again = await inCall(supervisor);
  const answer = new Promise<number>((resolve) => again.lane.onFrame(({ frame }) => resolve(frame)));
  again.lane.push(sound(0.5));
  t.equal(await answer, 0);
  again.engine.close();
});

t.test('an unknown voice is reported with its remedy and not tried again', async (t) => {
  const { supervisor } = start(t, { personas: [{ ...persona, voice: 'CARL' }] });
  await t.rejects(supervisor.ready, { code: 'VOICE_UNKNOWN', remedy: /CARL\.pt/ });
  t.match(supervisor.state, { kind: 'failed', error: { code: 'VOICE_UNKNOWN' } });
  t.equal(supervisor.pid, null);
});

t.test('the process ends with its supervisor, however that dies', async (t) => {
  const parent = fork(new URL('./dying-parent.ts', import.meta.url), [], { execArgv: [], stdio: 'inherit' });
  type Told = { readonly pid: number; readonly socketPath: string };
  const { pid, socketPath } = await new Promise<Told>((resolve) =>
    parent.once('message', (told) => resolve(told as Told)),
  );
  t.ok(alive(pid));
  parent.kill('SIGKILL');
  for (let tries = 0; tries < 100 && alive(pid); tries++) await new Promise((resolve) => setTimeout(resolve, 50));
  t.notOk(alive(pid));
  t.notOk(existsSync(dirname(socketPath)), 'and leaves no socket behind');
});

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
