import t from 'tap';
import type { EngineClient, LaneHandle } from '../../../src/engine/contract.ts';
import { EngineLink } from '../../../src/media/plane/engine-link.ts';
import { type ErrorRecord, SpeakerpostError } from '../../../src/runtime/errors.ts';
import { FakeClock } from '../../../src/runtime/fake-clock.ts';
import { silentLog } from '../../../src/runtime/log.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** An engine whose socket answers or not, as the test says. */
function engine() {
  const state = { up: true, attempts: 0, closedLanes: 0 };
  const lose: ((error: ErrorRecord) => void)[] = [];
  let opening: () => Promise<LaneHandle> = async () => handle;
  const handle: LaneHandle = {
    index: 3,
    say: async () => {},
    push: () => {},
    onFrame: () => {},
    onFailed: () => {},
    close: () => state.closedLanes++,
  };
  const connect = async (): Promise<EngineClient> => {
    state.attempts++;
    if (!state.up) throw new Error('ECONNREFUSED');
    const load = { lanes: 4, openLanes: 0, p99Ms: null };
    return {
      textLeadMs: 400,
      load,
      openLane: () => opening(),
      onLost: (listener) => lose.push(listener),
      close: () => {},
    };
  };
  return {
    state,
    handle,
    connect,
    answerWith: (open: () => Promise<LaneHandle>) => {
      opening = open;
    },
    die: () => {
      state.up = false;
      lose.pop()?.({ code: 'ENGINE_LOST', details: { socket: 's', reason: 'killed' } });
    },
  };
}

function linkTo(connect: () => Promise<EngineClient>) {
  const clock = new FakeClock();
  return { clock, link: new EngineLink({ socketPath: '/engine.sock', connect, clock, log: silentLog }) };
}

t.test('a lane comes with the checkpoint’s text lead', async (t) => {
  const { link } = linkTo(engine().connect);
  const { lane, textLeadMs } = await link.openLane('barn', 1);
  t.equal(lane.index, 3);
  t.equal(textLeadMs, 400);
});

t.test('an engine that is away makes no guest wait, and is found again within 250 ms of its return', async (t) => {
  const { connect, die, state } = engine();
  const { clock, link } = linkTo(connect);
  await turn();
  die();
  await t.rejects(link.openLane('barn', 1), { code: 'LANE_UNAVAILABLE', details: { reason: 'ECONNREFUSED' } });
  state.up = true;
  const before = state.attempts;
  clock.advance(250);
  await turn();
  t.equal(state.attempts, before + 1);
  t.equal((await link.openLane('barn', 1)).textLeadMs, 400);
  t.equal(state.attempts, before + 1, 'over the connection that is there');
  link.close();
  t.equal(clock.pendingCount, 0);
});

t.test('what the engine refuses is passed on as it is; its death in the middle is unavailability', async (t) => {
  const { connect, answerWith } = engine();
  const { link } = linkTo(connect);
  answerWith(() => Promise.reject(new SpeakerpostError('LANE_NONE_FREE', { lanes: 1 })));
  await t.rejects(link.openLane('barn', 1), { code: 'LANE_NONE_FREE' });
  answerWith(() => Promise.reject(new SpeakerpostError('ENGINE_LOST', { socket: 's', reason: 'killed' })));
  await t.rejects(link.openLane('barn', 1), { code: 'LANE_UNAVAILABLE', details: { reason: /killed/ } });
});

t.test('an engine that does not answer costs a guest a second; a lane that comes later is given back', async (t) => {
  const { connect, answerWith, handle, state } = engine();
  const { clock, link } = linkTo(connect);
  await turn();
  const late = Promise.withResolvers<LaneHandle>();
  answerWith(() => late.promise);
  const opening = t.rejects(link.openLane('barn', 1), { code: 'LANE_UNAVAILABLE', details: { reason: /1000 ms/ } });
  await turn();
  clock.advance(1_000);
  await opening;
  late.resolve(handle);
  await turn();
  t.equal(state.closedLanes, 1);
});
