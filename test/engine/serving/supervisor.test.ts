import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import t, { type Test } from 'tap';
import type { EngineState } from '../../../src/engine/contract.ts';
import type { EngineChild } from '../../../src/engine/serving/engine-child.ts';
import type { EngineCommand, EngineReport } from '../../../src/engine/serving/process-messages.ts';
import { startEngineProcess } from '../../../src/engine/serving/supervisor.ts';
import { FakeClock } from '../../../src/runtime/fake-clock.ts';
import { silentLog } from '../../../src/runtime/log.ts';

const description = { model: 'm', device: 'cpu', lanes: 2, runtimeVersion: '1', parameters: 1, textLeadFrames: 5 };
const options = { modelDirectory: 'm', lanes: 2, device: 'cpu', threads: 1, personas: [] } as const;

class FakeChild implements EngineChild {
  readonly pid: number;
  readonly commands: EngineCommand[] = [];
  kills = 0;
  report: (report: EngineReport) => void = () => {};
  exit: (how: string) => void = () => {};

  constructor(pid: number) {
    this.pid = pid;
  }
  send(command: EngineCommand): void {
    this.commands.push(command);
  }
  onReport(listener: (report: EngineReport) => void): void {
    this.report = listener;
  }
  onLine(): void {}
  onExit(listener: (how: string) => void): void {
    this.exit = listener;
  }
  kill(): void {
    this.kills++;
  }
}

/** A clock whose machine can stand still: time passes, and timers fire late. */
class StallingClock extends FakeClock {
  #stalledMs = 0;
  override nowMs(): number {
    return super.nowMs() + this.#stalledMs;
  }
  stall(ms: number): void {
    this.#stalledMs += ms;
  }
}

function build() {
  const clock = new StallingClock();
  const children: FakeChild[] = [];
  const states: EngineState[] = [];
  const spawn = () => {
    const child = new FakeChild(100 + children.length);
    children.push(child);
    return child;
  };
  const supervisor = startEngineProcess(options, { clock, log: silentLog, spawn });
  supervisor.onState((state) => states.push(state));
  /** Ends every test: nothing may be left. */
  const end = async (t: Test) => {
    const stopped = supervisor.stop();
    children.at(-1)?.exit('SIGKILL');
    await stopped;
    t.equal(clock.pendingCount, 0, 'no timer is left');
    t.notOk(existsSync(dirname(supervisor.socketPath)), 'no socket is left');
  };
  const last = () => children.at(-1) ?? new FakeChild(0);
  const beat = (ms: number, runningMs: number | null = null) => {
    for (let passed = 0; passed < ms; passed += 200) {
      clock.advance(200);
      last().report({ kind: 'heartbeat', runningMs });
    }
  };
  return { clock, children, states, supervisor, last, beat, end };
}

t.test('the process gets its options and is ready when it says so', async (t) => {
  const { supervisor, last, states, beat, end } = build();
  t.same(last().commands, [{ kind: 'start', options, socketPath: supervisor.socketPath }]);
  t.same([supervisor.state, supervisor.pid], [{ kind: 'starting' }, 100]);
  last().report({ kind: 'ready', description });
  t.same(await supervisor.ready, description);
  beat(60_000);
  t.same(states, [{ kind: 'ready', description }]);
  t.equal(last().kills, 0);
  await end(t);
});

t.test('a process without a sign of life for 0.8 s is killed and started again', async (t) => {
  const { clock, children, states, supervisor, last, end } = build();
  last().report({ kind: 'ready', description });
  clock.advance(790);
  t.equal(last().kills, 0);
  clock.advance(20);
  t.equal(last().kills, 1);
  last().exit('SIGKILL');
  t.equal(supervisor.pid, null);
  t.match(states.at(-1), { kind: 'failed', error: { code: 'ENGINE_HUNG', details: { pid: 100 } } });
  clock.advance(250);
  t.equal(children.length, 2);
  t.same(states.at(-1), { kind: 'starting' });
  last().report({ kind: 'ready', description });
  t.equal(supervisor.state.kind, 'ready');
  await end(t);
});

t.test('a machine that stood still does not cost the process its life', async (t) => {
  const { clock, last, end } = build();
  last().report({ kind: 'ready', description });
  clock.stall(30_000);
  clock.advance(800);
  t.equal(last().kills, 0);
  clock.advance(800);
  t.equal(last().kills, 1, 'but silence after that does');
  await end(t);
});

t.test('a run that hangs is killed although the process still beats', async (t) => {
  const { last, states, beat, end } = build();
  last().report({ kind: 'ready', description });
  beat(2_000, 700);
  t.equal(last().kills, 0);
  beat(200, 900);
  t.equal(last().kills, 1);
  last().exit('SIGKILL');
  t.match(states.at(-1), { kind: 'failed', error: { code: 'ENGINE_HUNG', details: { hungMs: 900 } } });
  await end(t);
});

t.test('loading may take long and is not watched', async (t) => {
  const { clock, last, end } = build();
  clock.advance(500_000);
  t.equal(last().kills, 0);
  clock.advance(100_000);
  t.equal(last().kills, 1);
  await end(t);
});

t.test('restarts wait longer each time, up to 10 s, and 250 ms again after a healthy minute', async (t) => {
  const { clock, children, last, beat, end } = build();
  for (const delayMs of [250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]) {
    last().report({ kind: 'ready', description });
    last().report({ kind: 'runFailed', error: { code: 'ENGINE_RUN_FAILED', details: { reason: 'x' } } });
    last().exit('exit code 1');
    const count = children.length;
    clock.advance(delayMs - 1);
    t.equal(children.length, count);
    clock.advance(1);
    t.equal(children.length, count + 1);
  }
  last().report({ kind: 'ready', description });
  beat(61_000);
  last().exit('SIGSEGV');
  const count = children.length;
  clock.advance(250);
  t.equal(children.length, count + 1);
  await end(t);
});

t.test('a start that fails with a reason of the table is reported and not tried again', async (t) => {
  const { clock, children, supervisor, last, end } = build();
  const error = { code: 'TOKENIZER_INVALID', details: { file: 'f', reason: 'gone' } } as const;
  last().report({ kind: 'startFailed', error });
  last().exit('exit code 1');
  await t.rejects(supervisor.ready, { code: 'TOKENIZER_INVALID', message: /f cannot be used/ });
  t.same(supervisor.state, { kind: 'failed', error });
  clock.advance(3_600_000);
  t.equal(children.length, 1);
  await end(t);
});

t.test('five starts that crash are the end, with the last reason', async (t) => {
  const { clock, children, supervisor, last, end } = build();
  for (let attempt = 0; attempt < 5; attempt++) {
    last().exit('SIGKILL');
    clock.advance(10_000);
  }
  await t.rejects(supervisor.ready, { code: 'ENGINE_START_FAILED', message: /5 attempts.*SIGKILL/ });
  t.equal(children.length, 5);
  await end(t);
});

t.test('a process that does not stop is killed', async (t) => {
  const { clock, supervisor, last, end } = build();
  last().report({ kind: 'ready', description });
  const stopped = supervisor.stop();
  t.same(last().commands.at(-1), { kind: 'stop' });
  clock.advance(2_000);
  t.equal(last().kills, 1);
  last().exit('SIGKILL');
  await stopped;
  await end(t);
});
