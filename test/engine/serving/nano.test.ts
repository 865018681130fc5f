import { join } from 'node:path';
import t from 'tap';
import type { AgentFrame, LaneHandle } from '../../../src/engine/contract.ts';
import { connectEngine } from '../../../src/engine/serving/client.ts';
import { startEngineProcess } from '../../../src/engine/serving/supervisor.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import type { ErrorRecord } from '../../../src/runtime/errors.ts';
import { silentLog } from '../../../src/runtime/log.ts';

const options = {
  modelDirectory: join(import.meta.dirname, '../../../models/nano'),
  lanes: 2,
  device: 'cpu',
  threads: 1,
  personas: [{ id: 'barn', text: null, voice: null }],
} as const;
const silence = new Float32Array(1920);

/** Feeds `count` frames of silence, each when the one before was answered. */
async function listen(lane: LaneHandle, count: number): Promise<AgentFrame[]> {
  const frames: AgentFrame[] = [];
  await new Promise<void>((resolve, reject) => {
    lane.onFailed((error) => reject(new Error(error.code)));
    lane.onFrame((frame) => {
      if (frames.push(frame) === count) resolve();
      else lane.push(silence);
    });
    lane.push(silence);
  });
  return frames;
}

t.test('the nano model greets on two lanes; killed in a call it is lost at once and comes back', async (t) => {
  const supervisor = startEngineProcess(options, { clock: systemClock, log: silentLog });
  t.teardown(() => supervisor.stop());
  t.match(await supervisor.ready, { model: 'nano', lanes: 2, textLeadFrames: 5 });
  const engine = await connectEngine(supervisor.socketPath);
  const lanes = [await engine.openLane('barn', 1), await engine.openLane('barn', 1)];
  const [first, second] = await Promise.all(lanes.map((lane) => listen(lane, 30)));
  const said = (first ?? []).map(({ piece }) => piece ?? '').join('');
  t.match(said, /welcome to burger barn/i);
  t.ok(
    first?.some(({ samples }) => samples.some((sample) => Math.abs(sample) > 0.05)),
    'and it is heard',
  );
  t.same(
    second?.map(({ textToken }) => textToken),
    first?.map(({ textToken }) => textToken),
  );
  t.same(
    second?.map(({ samples }) => samples),
    first?.map(({ samples }) => samples),
    'one seed, one call',
  );

  lanes[0]?.close();
  const reused = await engine.openLane('barn', 1);
  t.equal(reused.index, 0);
  t.same(
    await listen(reused, 5).then((frames) => frames.map(({ samples }) => samples)),
    first?.slice(0, 5).map(({ samples }) => samples),
  );

  const lost = new Promise<ErrorRecord>((resolve) => engine.onLost(resolve));
  const again = new Promise<void>((resolve) => supervisor.onState((state) => state.kind === 'ready' && resolve()));
  const killedAt = performance.now();
  if (supervisor.pid !== null) process.kill(supervisor.pid, 'SIGKILL');
  t.match(await lost, { code: 'ENGINE_LOST' });
  t.ok(performance.now() - killedAt < 1_000, 'within a second');
  await again;
  const next = await connectEngine(supervisor.socketPath);
  t.equal((await listen(await next.openLane('barn', 2), 3)).length, 3);
  next.close();
});

t.test('a missing model folder is reported with its remedy and not tried again', async (t) => {
  const supervisor = startEngineProcess(
    { ...options, modelDirectory: join(t.testdir({}), 'none') },
    { clock: systemClock, log: silentLog },
  );
  t.teardown(() => supervisor.stop());
  const error = await supervisor.ready.then(
    () => null,
    (caught: unknown) => caught,
  );
  t.match(error, { message: /none/ });
  t.not((error as { code?: string } | null)?.code, 'INTERNAL');
  t.equal(supervisor.state.kind, 'failed');
  t.equal(supervisor.pid, null);
});
