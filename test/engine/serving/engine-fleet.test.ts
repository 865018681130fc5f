import t, { type Test } from 'tap';
import type { EngineState, LaneHandle } from '../../../src/engine/contract.ts';
import { cardsOf, chooseDevices } from '../../../src/engine/serving/choose-devices.ts';
import { connectEngine } from '../../../src/engine/serving/client.ts';
import { forkEngine } from '../../../src/engine/serving/engine-child.ts';
import { startEngineFleet } from '../../../src/engine/serving/engine-fleet.ts';
import { EngineLink } from '../../../src/media/plane/engine-link.ts';
import { EngineLinks } from '../../../src/media/plane/engine-links.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import type { ErrorRecord } from '../../../src/runtime/errors.ts';
import { silentLog } from '../../../src/runtime/log.ts';

const persona = { id: 'barn', text: 'You work', voice: null };
const entry = new URL('./echo-engine.ts', import.meta.url);
const sound = new Float32Array(1920);

function startFleet(t: Test, lanes: number, processes: number) {
  const firstLanes: number[] = [];
  const fleet = startEngineFleet(
    {
      modelDirectory: 'echo',
      lanes,
      devices: new Array<'cpu'>(processes).fill('cpu'),
      threads: 1,
      personas: [persona],
    },
    (_process, firstLane) => {
      firstLanes.push(firstLane);
      return { clock: systemClock, log: silentLog, spawn: () => forkEngine(entry) };
    },
  );
  t.teardown(() => fleet.stop());
  return { fleet, firstLanes };
}

const answerOf = (lane: LaneHandle) => new Promise<number>((resolve) => lane.onFrame(({ frame }) => resolve(frame)));

t.test('lanes are spread over the processes, and a call goes where most are free', async (t) => {
  const { fleet, firstLanes } = startFleet(t, 5, 2);
  t.match(await fleet.ready, { lanes: 5, device: 'cpu, cpu' });
  t.same(firstLanes, [0, 2]);
  const links = new EngineLinks(
    fleet.members.map(
      ({ socketPath }) => new EngineLink({ socketPath, connect: connectEngine, clock: systemClock, log: silentLog }),
    ),
  );
  t.teardown(() => links.close());
  const opened: number[] = [];
  for (let call = 0; call < 5; call++) opened.push((await links.openLane('barn', call)).lane.index);
  t.same(opened.sort(), [0, 0, 1, 1, 2], 'two lanes of the one, three of the other');
  await t.rejects(links.openLane('barn', 6), { code: 'LANE_NONE_FREE' });
  await t.rejects(links.openLane('shack', 7), { code: 'PERSONA_UNKNOWN' });
});

t.test(
  'one process that is killed leaves the lanes of the other alone, calls go there, and it comes back',
  async (t) => {
    const { fleet } = startFleet(t, 4, 2);
    await fleet.ready;
    const states: string[] = [];
    const back = new Promise<EngineState>((resolve) =>
      fleet.onState((state, process) => {
        states.push(`${process} ${state.kind}`);
        if (state.kind === 'ready') resolve(state);
      }),
    );
    const clients = await Promise.all(fleet.members.map(({ socketPath }) => connectEngine(socketPath)));
    const [doomed, healthy] = await Promise.all(clients.map((client) => client.openLane('barn', 1)));
    if (doomed === undefined || healthy === undefined) throw new Error('two lanes');
    const failed = new Promise<ErrorRecord>((resolve) => doomed.onFailed(resolve));
    healthy.onFailed(() => t.fail('the other process lives'));
    process.kill(fleet.members[0]?.pid ?? 0, 'SIGKILL');
    t.match(await failed, { code: 'ENGINE_LOST' });
    const answer = answerOf(healthy);
    healthy.push(sound);
    t.equal(await answer, 0);
    const links = new EngineLinks(
      fleet.members.map(
        ({ socketPath }) => new EngineLink({ socketPath, connect: connectEngine, clock: systemClock, log: silentLog }),
      ),
    );
    t.teardown(() => links.close());
    const { lane } = await links.openLane('barn', 2);
    t.equal(lane.index, 1, 'beside the lane that goes on');
    t.equal(fleet.state.kind, 'ready', 'calls can be taken');
    t.equal((await back).kind, 'ready');
    t.same(states, ['0 failed', '0 starting', '0 ready']);
    for (const client of clients) client.close();
  },
);

t.test('a fleet of which nothing can start says why', async (t) => {
  const fleet = startEngineFleet(
    { modelDirectory: '/none', lanes: 2, devices: ['cpu', 'cpu'], threads: 1, personas: [] },
    () => ({ clock: systemClock, log: silentLog }),
  );
  t.teardown(() => fleet.stop());
  await t.rejects(fleet.ready, { code: 'MODEL_FILE_MISSING' });
  t.equal(fleet.state.kind, 'failed');
});

t.test('devices: processes on the CPU, cards by number, and what auto took and why', async (t) => {
  t.same((await chooseDevices('cpu', 3)).devices, ['cpu', 'cpu', 'cpu']);
  t.same((await chooseDevices('cuda', 3)).devices, ['cuda:0']);
  t.same((await chooseDevices('cuda:0,2', 1)).devices, ['cuda:0', 'cuda:2']);
  const auto = await chooseDevices('auto', 2);
  t.match(auto.reason, /^auto took (the CPU: \S|card \d)/);
  for (const faulty of ['cuda:1,1', 'cuda:x', 'npu', 'cuda:']) {
    await t.rejects(chooseDevices(faulty, 1), { code: 'DEVICE_UNKNOWN', details: { device: faulty } });
  }
  t.same(cardsOf('cuda:3'), [3]);
});
