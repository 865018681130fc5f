import t from 'tap';
import type { AgentFrame, LaneHandle } from '../../../src/engine/contract.ts';
import { LanePartner } from '../../../src/media/plane/lane-partner.ts';
import type { ErrorRecord } from '../../../src/runtime/errors.ts';
import { FakeClock } from '../../../src/runtime/fake-clock.ts';

const samples = new Float32Array(1920);

function lane() {
  let onFrame: (frame: AgentFrame) => void = () => {};
  let onFailed: (error: ErrorRecord) => void = () => {};
  let frame = 0;
  const state = { pushed: 0, closed: 0 };
  const handle: LaneHandle = {
    index: 0,
    say: async () => {},
    push: () => state.pushed++,
    onFrame: (listener) => {
      onFrame = listener;
    },
    onFailed: (listener) => {
      onFailed = listener;
    },
    close: () => state.closed++,
  };
  return {
    handle,
    state,
    answer: () => onFrame({ frame: frame++, samples, textToken: 7, piece: '▁hi', waitMs: 0, runMs: 1 }),
    fail: (error: ErrorRecord) => onFailed(error),
  };
}

function partnerOf(handle: LaneHandle) {
  const clock = new FakeClock();
  const failures: ErrorRecord[] = [];
  const pieces: (string | null)[] = [];
  const partner = new LanePartner(handle, clock, (error) => failures.push(error));
  partner.onFrame(({ piece }) => pieces.push(piece));
  return { clock, failures, pieces, partner };
}

t.test('frames that are answered in time keep the lane, however long the call', async (t) => {
  const { handle, answer, state } = lane();
  const { clock, failures, pieces, partner } = partnerOf(handle);
  for (let i = 0; i < 100; i++) {
    partner.push(samples);
    clock.advance(900);
    answer();
  }
  t.same(failures, []);
  t.equal(pieces.length, 100);
  t.equal(state.pushed, 100);
  clock.advance(10_000);
  t.same(failures, [], 'nothing is overdue when nothing was asked');
  t.equal(clock.pendingCount, 0);
});

t.test('a frame without an answer for a second fails the lane once and frees it', async (t) => {
  const { handle, answer, state } = lane();
  const { clock, failures, pieces, partner } = partnerOf(handle);
  partner.push(samples);
  clock.advance(500);
  partner.push(samples);
  answer();
  clock.advance(999);
  t.same(failures, [], 'the second frame has its own second');
  clock.advance(1);
  t.match(failures, [{ code: 'LANE_HUNG', details: { ms: 1_000 } }]);
  t.equal(state.closed, 1);
  answer();
  partner.push(samples);
  clock.advance(5_000);
  t.equal(failures.length, 1);
  t.equal(pieces.length, 1, 'what comes after the failure is not passed on');
  t.equal(state.pushed, 2);
});

t.test('a lane that the engine fails is reported; a closed one reports nothing', async (t) => {
  const failed = lane();
  const first = partnerOf(failed.handle);
  failed.fail({ code: 'ENGINE_LOST', details: {} });
  t.same(first.failures, [{ code: 'ENGINE_LOST', details: {} }]);
  const closed = lane();
  const second = partnerOf(closed.handle);
  second.partner.push(samples);
  second.partner.close();
  closed.fail({ code: 'ENGINE_LOST', details: {} });
  second.clock.advance(5_000);
  t.same(second.failures, []);
  t.equal(second.clock.pendingCount, 0);
});
