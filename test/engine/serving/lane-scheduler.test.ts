import t from 'tap';
import type { AgentFrame } from '../../../src/engine/contract.ts';
import type { LaneFrame, LaneResult } from '../../../src/engine/model-contract.ts';
import type { CallLog } from '../../../src/engine/replay/call-log.ts';
import { Admission } from '../../../src/engine/serving/admission.ts';
import { LaneScheduler, type LaneSink } from '../../../src/engine/serving/lane-scheduler.ts';
import { PersonaImages } from '../../../src/engine/serving/persona-images.ts';
import { StageClock } from '../../../src/engine/serving/stage-timings.ts';
import type { ErrorRecord } from '../../../src/runtime/errors.ts';
import { FakeClock } from '../../../src/runtime/fake-clock.ts';
import { EchoModel } from './echo-model.ts';

/** An echo whose runs end when the test says so. */
class SteppedModel extends EchoModel {
  readonly runs: {
    readonly lanes: readonly number[];
    readonly given: readonly (number | undefined)[];
    end(error?: Error): void;
  }[] = [];
  readonly resets: number[] = [];

  override resetLane(...given: Parameters<EchoModel['resetLane']>): void {
    this.resets.push(given[0]);
    super.resetLane(...given);
  }

  override step(frames: readonly LaneFrame[]): Promise<readonly LaneResult[]> {
    return new Promise((resolve, reject) => {
      const results = frames.map(({ lane, samples }) => ({ lane, tokens: null, userCodes: [], samples }));
      this.runs.push({
        lanes: frames.map(({ lane }) => lane),
        given: frames.map(({ givenText }) => givenText),
        end: (error) => (error === undefined ? resolve(results) : reject(error)),
      });
    });
  }
}

class Sink implements LaneSink {
  readonly frames: AgentFrame[] = [];
  readonly failures: ErrorRecord[] = [];
  agentFrame(frame: AgentFrame): void {
    this.frames.push(frame);
  }
  failed(error: ErrorRecord): void {
    this.failures.push(error);
  }
}

/** Keeps what is logged. */
function memoryLog() {
  const frames: unknown[] = [];
  let closed = 0;
  const log: CallLog = {
    frame: ({ userCodes }, givenText) => frames.push({ userCodes, givenText }),
    close: () => closed++,
  };
  return { log, frames, closedTimes: () => closed };
}

function build(lanes: number, admissionMs: number | null = null) {
  const { log, frames: logged, closedTimes } = memoryLog();
  const images = new PersonaImages({
    personas: [{ id: 'barn', text: null, voice: null }],
    prepare: async () => ({ promptSteps: 3, byteLength: 1 }),
    release: () => {},
    limit: { count: 1, bytes: 100 },
  });
  const model = new SteppedModel(lanes);
  const clock = new FakeClock();
  const timings = new StageClock();
  const broken: ErrorRecord[] = [];
  const scheduler = new LaneScheduler({
    model,
    imageOf: (id) => images.get(id),
    admission: new Admission(admissionMs),
    openLog: () => log,
    pieceOf: () => null,
    clock,
    timings,
    onRunFailed: (error) => broken.push(error),
  });
  return { model, clock, timings, broken, scheduler, logged, closedTimes };
}

const sound = () => new Float32Array(1920);
const request = (personaId: string, seed: number, logFile: string | null = null) => ({ personaId, seed, logFile });
/** Two: a run's answers go out in the turn after it has ended. */
const turn = async () => {
  await new Promise(setImmediate);
  await new Promise(setImmediate);
};

t.test('a run takes what is ready and the next starts when it ends, without waiting for a late lane', async (t) => {
  const { model, clock, timings, scheduler } = build(3);
  const sinks = [new Sink(), new Sink(), new Sink()];
  const [a, b, c] = await Promise.all(sinks.map((sink) => scheduler.open(request('barn', 1), sink)));
  t.same([a?.index, b?.index, c?.index], [0, 1, 2]);
  a?.push(0, sound());
  c?.push(0, sound());
  await turn();
  t.same(
    model.runs.map((run) => run.lanes),
    [[0, 2]],
  );
  clock.advance(4);
  b?.push(0, sound());
  a?.push(1, sound());
  a?.push(2, sound());
  await turn();
  t.equal(model.runs.length, 1);
  t.equal(scheduler.runningMs, 4);
  clock.advance(6);
  model.runs[0]?.end();
  await turn();
  t.same(
    model.runs.map((run) => run.lanes),
    [
      [0, 2],
      [0, 1],
    ],
  );
  t.match(sinks[0]?.frames, [{ frame: 0, waitMs: 0, runMs: 10 }]);
  clock.advance(5);
  model.runs[1]?.end();
  await turn();
  t.match(sinks[1]?.frames, [{ frame: 0, waitMs: 6, runMs: 5 }]);
  t.same(model.runs[2]?.lanes, [0]);
  model.runs[2]?.end();
  await turn();
  t.same(
    sinks[0]?.frames.map(({ frame }) => frame),
    [0, 1, 2],
  );
  t.equal(scheduler.runningMs, null);
  const { frames, run } = timings.take();
  t.same([frames, run.count], [5, 3]);
  t.equal(timings.take().frames, 0);
});

t.test('personas that were not prepared and a model without a free lane refuse', async (t) => {
  const { scheduler } = build(1);
  await t.rejects(scheduler.open(request('shack', 1), new Sink()), { code: 'PERSONA_UNKNOWN', message: /barn/ });
  const lease = await scheduler.open(request('barn', 1), new Sink());
  await t.rejects(scheduler.open(request('barn', 1), new Sink()), { code: 'LANE_NONE_FREE' });
  lease.close();
  t.equal((await scheduler.open(request('barn', 1), new Sink())).index, 0);
});

t.test('a lane given back in a run is only reset when the run has ended, and its answer goes nowhere', async (t) => {
  const { model, scheduler } = build(1);
  const old = new Sink();
  const lease = await scheduler.open(request('barn', 1), old);
  lease.push(0, sound());
  await turn();
  lease.close();
  const opening = scheduler.open(request('barn', 2), new Sink());
  await turn();
  t.same(model.resets, [0]);
  model.runs[0]?.end();
  const next = await opening;
  t.same(model.resets, [0, 0]);
  t.same([old.frames, old.failures], [[], []]);
  lease.push(1, sound());
  lease.close();
  await turn();
  t.equal(model.runs.length, 1, 'a lease that was given back moves nothing');
  next.push(0, sound());
  await turn();
  t.equal(model.runs.length, 2);
});

t.test('a frame of the wrong length or with a value that is no number fails its lane only', async (t) => {
  const { model, scheduler } = build(2);
  const bad = new Sink();
  const good = new Sink();
  const [a, b] = [await scheduler.open(request('barn', 1), bad), await scheduler.open(request('barn', 1), good)];
  b.push(0, sound());
  a.push(0, sound().fill(Number.NaN, 5, 6));
  a.push(1, sound());
  await turn();
  t.match(bad.failures, [{ code: 'LANE_INPUT_INVALID', details: { lane: 0, frame: 0 } }]);
  t.same(model.runs[0]?.lanes, [1]);
  const again = new Sink();
  (await scheduler.open(request('barn', 1), again)).push(4, new Float32Array(10));
  t.match(again.failures, [{ code: 'LANE_INPUT_INVALID', details: { frame: 4 } }]);
});

t.test('a lane whose frames pile up is failed', async (t) => {
  const { scheduler } = build(1);
  const sink = new Sink();
  const lease = await scheduler.open(request('barn', 1), sink);
  lease.push(0, sound());
  await turn();
  for (let frame = 1; frame <= 30; frame++) lease.push(frame, sound());
  t.match(sink.failures, [{ code: 'LANE_OVERRUN', details: { frames: 26 } }]);
});

t.test('a failed run fails every lane, once, and no lane opens after it', async (t) => {
  const { model, broken, scheduler } = build(3);
  const sinks = [new Sink(), new Sink()];
  const [a] = await Promise.all(sinks.map((sink) => scheduler.open(request('barn', 1), sink)));
  a?.push(0, sound());
  await turn();
  model.runs[0]?.end(new Error('out of memory'));
  await turn();
  for (const { failures } of [...sinks, { failures: broken }])
    t.match(failures, [{ code: 'ENGINE_RUN_FAILED', details: { reason: 'out of memory' } }]);
  await t.rejects(scheduler.open(request('barn', 1), new Sink()), { code: 'ENGINE_RUN_FAILED' });
  a?.push(1, sound());
  await turn();
  t.equal(model.runs.length, 1);
});

t.test(
  'words given to a lane go into its next frames, one saying after the other, and then the model chooses',
  async (t) => {
    const { model, scheduler } = build(2);
    const sink = new Sink();
    const lease = await scheduler.open(request('barn', 1), sink);
    const other = await scheduler.open(request('barn', 2), new Sink());
    const said: string[] = [];
    lease.give([5, 6], () => said.push('first'));
    lease.give([7], () => said.push('second'));
    const given: (number | undefined)[] = [];
    const saidBefore: number[] = [];
    for (let frame = 0; frame < 5; frame++) {
      lease.push(frame, sound());
      other.push(frame, sound());
      await turn();
      given.push(model.runs[frame]?.given[0]);
      t.equal(model.runs[frame]?.given[1], undefined, 'the other lane says what it wants');
      saidBefore.push(said.length);
      model.runs[frame]?.end();
      await turn();
    }
    t.same(given, [5, 6, 7, undefined, undefined]);
    t.same(saidBefore, [0, 0, 1, 2, 2], 'each is said when its last frame was answered');
    let atOnce = false;
    lease.give([], () => {
      atOnce = true;
    });
    t.ok(atOnce, 'nothing to say is said at once');
  },
);

t.test('a text token that the model does not have, or too many, are refused before any run', async (t) => {
  const { model, scheduler } = build(1);
  const sink = new Sink();
  const lease = await scheduler.open(request('barn', 1), sink);
  for (const tokens of [[1000], [-1], [1.5], [Number.NaN], Array(501).fill(1)])
    t.throws(() => lease.give(tokens, () => t.fail('never said')), { code: 'LANE_WORDS_INVALID' });
  lease.push(0, sound());
  await turn();
  t.same(model.runs[0]?.given, [undefined]);
  model.runs[0]?.end();
  await turn();
  t.equal(sink.frames.length, 1, 'the lane goes on');
});

t.test('a lane with a log writes each of its frames and closes it once', async (t) => {
  const { model, scheduler, logged, closedTimes } = build(2);
  const lease = await scheduler.open(request('barn', 1, '/calls/a.tokens'), new Sink());
  const quiet = await scheduler.open(request('barn', 1), new Sink());
  lease.give([4], () => {});
  lease.push(0, sound());
  quiet.push(0, sound());
  await turn();
  model.runs[0]?.end();
  await turn();
  t.same(logged, [{ userCodes: [], givenText: 4 }]);
  lease.close();
  lease.close();
  quiet.close();
  t.equal(closedTimes(), 1);
});

t.test(
  'a lane more is refused when the frames of those that are open take too long, and welcome again later',
  async (t) => {
    const { model, clock, timings, scheduler } = build(3, 80);
    const lease = await scheduler.open(request('barn', 1), new Sink());
    const second = await scheduler.open(request('barn', 1), new Sink());
    second.close();
    for (let frame = 0; frame < 130; frame++) {
      lease.push(frame, sound());
      await turn();
      clock.advance(90);
      model.runs[frame]?.end();
      await turn();
    }
    await t.rejects(scheduler.open(request('barn', 1), new Sink()), {
      code: 'LANE_NONE_FREE',
      message: /with 2 lanes 1 % of the frames would take over 90 ms; the limit is 80 ms/,
    });
    t.same(timings.take().missesByLane, { 0: 130 });
    lease.close();
    (await scheduler.open(request('barn', 1), new Sink())).close();
    clock.advance(61_000);
    await scheduler.open(request('barn', 1), new Sink());
    t.equal((await scheduler.open(request('barn', 1), new Sink())).index, 1, 'old measurements are forgotten');
  },
);
