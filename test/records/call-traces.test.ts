import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Test, test } from 'tap';
import { showTrace } from '../../src/cli/trace.ts';
import { noStats } from '../../src/media/session-stats.ts';
import { CallTraces, readTrace } from '../../src/records/call-traces.ts';
import { FakeClock } from '../../src/runtime/fake-clock.ts';
import { silentLog } from '../../src/runtime/log.ts';
import type { LadderLine } from '../../src/sip/trace/ladder-line.ts';
import { media } from '../calls/test-rooms.ts';

const source = 'udp/192.168.1.20:5060';

function line(direction: 'in' | 'out', what: string, atWallMs: number, isAgain = false): LadderLine {
  return { atWallMs, direction, peer: source, what, details: [`reason: ${what}`], isAgain, branch: 'z' };
}

function keeper(t: Test) {
  const directory = join(t.testdir(), 'traces');
  const clock = new FakeClock();
  const lines: LadderLine[] = [];
  const traces = new CallTraces({
    directory,
    ladderOf: async () => ({ lines: [...lines], more: 0 }),
    clock,
    log: silentLog,
  });
  const call = { callId: 'c_1', sipCallId: 'a@post', source, trunk: 'post', lane: 'lane-1' };
  return { directory, clock, lines, traces, call };
}

/** Files are written after a promise or two. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

test('a call that runs can be looked at; when it ends its last messages are there, and nobody else may read it', async (t) => {
  const { directory, clock, lines, traces, call } = keeper(t);
  traces.begin(call);
  traces.negotiated('c_1', media);
  lines.push(line('in', 'INVITE sip:order@x', clock.wallMs()));
  traces.measured({ ...noStats, callId: 'c_1', packetsReceived: 50 });
  t.throws(() => readTrace(directory, 'c_1'), { code: 'TRACE_NOT_FOUND' });
  clock.advance(5_000);
  traces.measured({ ...noStats, callId: 'c_1', packetsReceived: 297, packetsLost: 3, jitterMs: 1.25 });
  await settle();
  t.match(readTrace(directory, 'c_1'), {
    endedWallMs: null,
    stats: { packetsReceived: 297 },
    media: { codec: 'PCMU', srtp: null },
  });
  t.match(showTrace(readTrace(directory, 'last')), /still runs/);
  traces.end('c_1');
  lines.push(line('out', '200 OK to BYE', clock.wallMs()));
  await settle();
  clock.advance(1_000);
  await settle();
  const trace = readTrace(directory, 'a@post');
  t.equal(trace.ladder.lines.length, 2);
  t.equal(statSync(join(directory, 'c_1.json')).mode & 0o777, 0o600);
  const shown = showTrace(trace);
  t.match(shown, /\+0\.000 {2}──▶ INVITE sip:order@x\n +reason: INVITE/);
  t.match(shown, /\+5\.000 {2}◀── 200 OK to BYE/);
  t.match(shown, /PCMU as 0, 20 ms a packet, sendrecv, SRTP none, SDP names 127\.0\.0\.1:4000/);
  t.match(shown, /in 297 packets, lost 3 \(1\.0 %\).*jitter 1\.3 ms/);
});

test('a SIP server that is gone takes nothing away that is written', async (t) => {
  const { directory, clock, lines, traces, call } = keeper(t);
  lines.push(line('in', 'INVITE sip:order@x', 0), line('out', '200 OK to INVITE', 0, true));
  traces.begin(call);
  traces.end('c_1');
  await settle();
  lines.length = 0;
  clock.advance(1_000);
  await settle();
  t.equal(readTrace(directory, 'c_1').ladder.lines.length, 2);
  t.match(showTrace(readTrace(directory, 'c_1')), /200 OK to INVITE {2}\(again\)\n\nno sound was agreed/);
});

test('a refused call is kept with its reason, but of many refused in a second one; the oldest of 500 go', async (t) => {
  const { directory, clock, traces, call } = keeper(t);
  for (let i = 0; i < 5; i++) {
    traces.begin({ ...call, callId: `c_r${i}`, trunk: null, lane: null });
    traces.refused(`c_r${i}`, '404 no lane answers "x"');
    traces.end(`c_r${i}`);
  }
  await settle();
  t.same(readdirSync(directory), ['c_r0.json']);
  t.match(showTrace(readTrace(directory, 'c_r0')), /refused: 404 no lane answers "x"/);
  for (let i = 0; i < 510; i++) {
    traces.begin({ ...call, callId: `c_s${String(i).padStart(4, '0')}` });
    traces.end(`c_s${String(i).padStart(4, '0')}`);
  }
  await settle();
  clock.advance(1_000);
  await settle();
  const files = readdirSync(directory).filter((name) => name.endsWith('.json'));
  t.ok(files.length <= 511);
  t.notOk(files.includes('c_r0.json'), 'the oldest went');
  t.equal(JSON.parse(readFileSync(join(directory, 'c_s0509.json'), 'utf8')).callId, 'c_s0509');
});
