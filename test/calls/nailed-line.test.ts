import t from 'tap';
import type { CarSignals } from '../../src/calls/car-signal.ts';
import { signalOfInfo } from '../../src/calls/car-signal.ts';
import { SpeakerpostError } from '../../src/runtime/errors.ts';
import { deskFixture, settle } from './fixtures.ts';

const cars: CarSignals = { arrivedKey: '1', leftKey: '2', arrivedText: 'arrived', leftText: 'left' };

async function line(greeting: string | null = null) {
  const desk = deskFixture({}, undefined, undefined, greeting, undefined, cars);
  const invite = await desk.ring();
  invite.dialog.ack();
  await settle();
  const key = async (digit: string) => {
    const callId = desk.desk.live[0]?.callId ?? desk.plane.opened.at(-1)?.callId ?? '';
    desk.plane.emit('dtmf', { callId, digit, atMs: 0 });
    await settle();
    desk.clock.advance(3_000);
    await settle();
  };
  return { ...desk, invite, key };
}

t.test('a call that stays up takes no lane until a car comes, and none after it left', async (t) => {
  const { plane, desk, key, invite, ended, delivery, speak } = await line('Welcome!');
  t.equal(invite.answered, 'answer to offer sendrecv on 17000');
  t.same(plane.log, ['open without lane', 'start']);
  t.same(desk.live, []);
  await key('1');
  t.same(plane.log.slice(2), ['close', 'open', 'start']);
  t.equal(plane.opened.at(-1)?.rtpPort, 17_000, 'the port that the intercom knows');
  t.match(desk.live, [{ state: 'talking', lane: 'lane-1' }]);
  t.match(plane.sayings, [{ text: 'Welcome!' }]);
  speak('burger', 'close');
  await key('2');
  t.same(plane.log.slice(-3), ['close', 'open without lane', 'start']);
  t.match(ended(), [{ outcome: 'ordered', reason: 'the car left' }]);
  t.equal(delivery.committed.length, 1);
  t.same(invite.dialog.byes, [], 'the intercom hears of nothing');
  await key('1');
  t.equal(plane.sayings.length, 2, 'the next car is greeted');
  const started = delivery.records.flatMap((each) => (each.kind === 'started' ? [each.callId] : []));
  t.equal(new Set(started).size, 2, 'each car is a call of its own');
  t.match(
    delivery.records.filter((each) => each.kind === 'log' && each.what === 'car_arrived'),
    [{ detail: /^car 1 of the line, 0 ms/ }, { detail: /^car 2 of the line, 6560 ms/ }],
  );
});

t.test('a car that comes before the last one was seen to leave ends the call of that one', async (t) => {
  const { key, ended, desk, delivery, speak, plane } = await line();
  await key('1');
  speak('burger', 'close');
  await key('1');
  t.match(ended(), [{ reason: 'the next car came' }]);
  t.equal(desk.live.length, 1);
  plane.emit('dtmf', { callId: desk.live[0]?.callId ?? '', digit: '1', atMs: 0 });
  plane.emit('dtmf', { callId: desk.live[0]?.callId ?? '', digit: '1', atMs: 0 });
  await settle();
  t.equal(ended().length, 2, 'a detector that bounces means one car');
  t.equal(delivery.committed.length, 1);
});

t.test('cars by INFO, MESSAGE and webhook', async (t) => {
  const { invite, desk, clock, ended } = await line();
  t.throws(() => desk.signalCar('lane-2', 'arrived'), { code: 'CALL_NOT_NAILED_UP' });
  invite.dialog.info('application/dtmf-relay', 'Signal=1\r\nDuration=160\r\n');
  await settle();
  t.equal(desk.live.length, 1);
  invite.dialog.info('text/plain', 'Vehicle LEFT');
  await settle();
  t.equal(desk.live.length, 0);
  clock.advance(3_000);
  desk.signalCar('lane-1', 'arrived');
  await settle();
  t.equal(desk.live.length, 1);
  desk.signalCar('lane-1', 'left');
  await settle();
  t.equal(ended().length, 2);
  t.equal(signalOfInfo(cars, 'text/plain', 'hello'), null);
});

t.test('BYE ends the car and the line; the gateway that stops says BYE once', async (t) => {
  const { key, invite, ended, desk, plane, clock } = await line();
  await key('1');
  invite.dialog.end('BYE');
  await settle();
  t.match(ended(), [{ reason: 'BYE' }]);
  t.equal(plane.log.filter((each) => each === 'close').length, 2);
  t.throws(() => desk.signalCar('lane-1', 'arrived'), { code: 'CALL_NOT_NAILED_UP' });
  t.equal(clock.pendingCount, 0);
  const other = await line();
  await other.key('1');
  await other.desk.stop();
  t.equal(other.invite.dialog.byes.length, 1);
  t.equal(other.ended().length, 1);
});

t.test('a car for which no lane is free hears the apology; the next one is served', async (t) => {
  const { key, plane, desk, invite } = await line();
  plane.refusal = new SpeakerpostError('LANE_NONE_FREE', { lanes: 2 });
  await key('1');
  t.equal(plane.log.at(-1), 'play');
  t.equal(desk.live.length, 0);
  t.equal(invite.rejected, null);
  plane.finishPlay?.();
  plane.refusal = null;
  await key('1');
  t.match(desk.live, [{ state: 'talking' }]);
});

t.test('a lane that fails ends the car with the apology, and the line waits for the next', async (t) => {
  const { key, plane, desk, invite, ended } = await line();
  await key('1');
  plane.emit('laneFailed', {
    callId: desk.live[0]?.callId ?? '',
    error: { code: 'LANE_HUNG', details: { ms: 1_000 } },
  });
  await settle();
  plane.finishPlay?.();
  await settle();
  t.match(ended(), [{ outcome: 'failed' }]);
  t.same(invite.dialog.byes, []);
  t.equal(plane.log.at(-1), 'start');
});

t.test('a re-INVITE of the line reaches the car, and the next car has what stands', async (t) => {
  const { key, plane, invite } = await line();
  await key('1');
  t.same(invite.dialog.offer('hold'), { sdp: 'answer to hold recvonly on 17000' });
  await settle();
  t.ok(plane.log.includes('update recvonly'));
  await key('2');
  await key('1');
  t.equal(plane.opened.at(-1)?.media?.direction, 'recvonly');
});

t.test('a line without a common codec is refused', async (t) => {
  const desk = deskFixture({}, undefined, undefined, null, undefined, cars);
  const { TestInvite } = await import('./test-rooms.ts');
  const invite = await desk.ring(new TestInvite('no codec'));
  t.equal(invite.rejected?.status, 488);
});
