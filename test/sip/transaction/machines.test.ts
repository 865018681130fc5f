import { test } from 'tap';
import { FakeClock } from '../../../src/runtime/fake-clock.ts';
import { inviteClient, newInviteClient } from '../../../src/sip/transaction/invite-client.ts';
import { inviteServer, newInviteServer } from '../../../src/sip/transaction/invite-server.ts';
import type { Step, TransactionEvent } from '../../../src/sip/transaction/machine.ts';
import { newNonInviteClient, nonInviteClient } from '../../../src/sip/transaction/non-invite-client.ts';
import { newNonInviteServer, nonInviteServer } from '../../../src/sip/transaction/non-invite-server.ts';
import { MachineRunner } from '../../../src/sip/transaction/runner.ts';

/** Runs a machine on a fake clock and notes what it does and when: `500 send again`. */
function run<State extends { readonly name: string }>(
  step: (state: State, event: TransactionEvent) => Step<State>,
  initial: State,
) {
  const clock = new FakeClock();
  const seen: string[] = [];
  const runner = new MachineRunner(step, initial, clock, (effect) => {
    const what =
      effect.do === 'send'
        ? effect.again
          ? 'send again'
          : 'send'
        : effect.do === 'fail'
          ? `fail ${effect.why}`
          : effect.do;
    seen.push(`${clock.nowMs()} ${what}`);
  });
  return { clock, seen, runner };
}

const response = (status: number): TransactionEvent => ({ type: 'response', status });
const respond = (status: number): TransactionEvent => ({ type: 'respond', status });

test('INVITE client: timer A doubles from T1, timer B ends it after 64*T1', async (t) => {
  const { clock, seen, runner } = run(inviteClient, newInviteClient(false));
  runner.dispatch({ type: 'start' });
  clock.advance(100_000);
  t.same(seen, [
    '0 send',
    ...[500, 1_500, 3_500, 7_500, 15_500, 31_500].map((ms) => `${ms} send again`),
    '32000 fail timeout',
    '32000 end',
  ]);
  t.equal(clock.pendingCount, 0);
});

test('INVITE client over a reliable transport repeats nothing', async (t) => {
  const { clock, seen, runner } = run(inviteClient, newInviteClient(true));
  runner.dispatch({ type: 'start' });
  clock.advance(10_000);
  runner.dispatch(response(404));
  t.same(seen, ['0 send', '10000 ack', '10000 pass', '10000 end'], 'timer D is zero');
  t.equal(clock.pendingCount, 0);
});

test('INVITE client: a provisional response stops A and B; a refusal is acknowledged each time until timer D', async (t) => {
  const { clock, seen, runner } = run(inviteClient, newInviteClient(false));
  runner.dispatch({ type: 'start' });
  runner.dispatch(response(180));
  clock.advance(60_000);
  runner.dispatch(response(486));
  clock.advance(31_999);
  runner.dispatch(response(486));
  t.equal(runner.stateName, 'completed');
  clock.advance(1);
  t.same(seen, ['0 send', '0 pass', '60000 ack', '60000 pass', '91999 ack', '92000 end']);
  t.equal(clock.pendingCount, 0);
});

test('INVITE client: every 2xx goes up until timer M (RFC 6026)', async (t) => {
  const { clock, seen, runner } = run(inviteClient, newInviteClient(false));
  runner.dispatch({ type: 'start' });
  runner.dispatch(response(200));
  clock.advance(31_999);
  runner.dispatch(response(200));
  runner.dispatch(response(486));
  clock.advance(1);
  t.same(seen, ['0 send', '0 pass', '31999 pass', '32000 end']);
});

test('INVITE client: a transport error and an abandoned wait fail it', async (t) => {
  const broken = run(inviteClient, newInviteClient(false));
  broken.runner.dispatch({ type: 'start' });
  broken.runner.dispatch({ type: 'transportError' });
  t.same(broken.seen, ['0 send', '0 fail transport', '0 end']);
  const abandoned = run(inviteClient, newInviteClient(false));
  abandoned.runner.dispatch({ type: 'start' });
  abandoned.runner.dispatch(response(100));
  abandoned.runner.dispatch({ type: 'abandon' });
  t.same(abandoned.seen, ['0 send', '0 pass', '0 fail timeout', '0 end']);
  t.equal(broken.clock.pendingCount + abandoned.clock.pendingCount, 0);
});

test('non-INVITE client: timer E doubles up to T2, timer F ends it', async (t) => {
  const { clock, seen, runner } = run(nonInviteClient, newNonInviteClient(false));
  runner.dispatch({ type: 'start' });
  clock.advance(100_000);
  const again = [500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500];
  t.same(seen, ['0 send', ...again.map((ms) => `${ms} send again`), '32000 fail timeout', '32000 end']);
  t.equal(clock.pendingCount, 0);
});

test('non-INVITE client: after 1xx it repeats every T2; the final response rests T4 in timer K', async (t) => {
  const { clock, seen, runner } = run(nonInviteClient, newNonInviteClient(false));
  runner.dispatch({ type: 'start' });
  runner.dispatch(response(100));
  clock.advance(5_000);
  runner.dispatch(response(200));
  clock.advance(4_999);
  runner.dispatch(response(200));
  clock.advance(1);
  t.same(seen, ['0 send', '0 pass', '500 send again', '4500 send again', '5000 pass', '10000 end']);
  t.equal(clock.pendingCount, 0);
});

test('INVITE server: a refusal is repeated by timer G until timer H gives up', async (t) => {
  const { clock, seen, runner } = run(inviteServer, newInviteServer(false));
  runner.dispatch(respond(100));
  runner.dispatch({ type: 'request' });
  runner.dispatch(respond(486));
  clock.advance(100_000);
  const again = [500, 1_500, 3_500, 7_500, 11_500, 15_500, 19_500, 23_500, 27_500, 31_500];
  t.same(seen, [
    '0 send',
    '0 send again',
    '0 send',
    ...again.map((ms) => `${ms} send again`),
    '32000 fail timeout',
    '32000 end',
  ]);
  t.equal(clock.pendingCount, 0);
});

test('INVITE server: the ACK of a refusal ends it after timer I', async (t) => {
  const { clock, seen, runner } = run(inviteServer, newInviteServer(false));
  runner.dispatch(respond(486));
  clock.advance(600);
  runner.dispatch({ type: 'ack' });
  runner.dispatch({ type: 'request' });
  clock.advance(4_999);
  t.equal(runner.stateName, 'confirmed');
  clock.advance(1);
  t.same(seen, ['0 send', '500 send again', '5600 end']);
});

test('INVITE server: after a 2xx it swallows the INVITE and lets ACK and further 2xx through until timer L (RFC 6026)', async (t) => {
  const { clock, seen, runner } = run(inviteServer, newInviteServer(false));
  runner.dispatch(respond(200));
  runner.dispatch({ type: 'request' });
  runner.dispatch(respond(486));
  runner.dispatch({ type: 'ack' });
  clock.advance(32_000);
  t.same(seen, ['0 send', '0 pass', '32000 end']);
  t.equal(clock.pendingCount, 0);
});

test('non-INVITE server: repeats get the last response until timer J', async (t) => {
  const { clock, seen, runner } = run(nonInviteServer, newNonInviteServer(false));
  runner.dispatch({ type: 'request' });
  runner.dispatch(respond(200));
  runner.dispatch(respond(500));
  clock.advance(31_999);
  runner.dispatch({ type: 'request' });
  clock.advance(1);
  t.same(seen, ['0 send', '31999 send again', '32000 end']);
  const stream = run(nonInviteServer, newNonInviteServer(true));
  stream.runner.dispatch(respond(200));
  t.same(stream.seen, ['0 send', '0 end'], 'over a stream timer J is zero');
});
