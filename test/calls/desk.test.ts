import t from 'tap';
import { SpeakerpostError } from '../../src/runtime/errors.ts';
import { deskFixture, loopbackTrunk, settle } from './fixtures.ts';
import { TestInvite } from './test-rooms.ts';

t.test('a call is answered, talks, orders and ends', async (t) => {
  const desk = deskFixture();
  const invite = await desk.ring();
  t.equal(invite.answered, 'answer to offer sendrecv on 17000');
  t.same(desk.plane.log, ['open'], 'nothing flows before the ACK');
  desk.speak('early');
  invite.dialog.ack();
  desk.speak('welcome', 'burger', 'close');
  t.equal(desk.delivery.committed.length, 1, 'the closing phrase commits the ticket while the call goes on');
  invite.dialog.end('BYE');
  await settle();
  t.same(desk.states(), ['ringing', 'answered', 'talking', 'ended']);
  t.same(desk.plane.log, ['open', 'start', 'close']);
  t.match(desk.ended(), [{ outcome: 'ordered', reason: 'BYE' }]);
  t.match(
    desk.delivery.records.filter((record) => record.kind === 'greeted'),
    [{ atMs: 400 }],
  );
  t.equal(desk.desk.live.length, 0);
  t.equal(desk.clock.pendingCount, 0, 'no timer is left');
});

t.test('a gateway that stops while a call rings refuses it and keeps neither port nor lane', async (t) => {
  const desk = deskFixture();
  const ringing = desk.ring();
  await desk.desk.stop();
  const invite = await ringing;
  await settle();
  t.equal(invite.answered, null);
  t.equal(invite.rejected?.status, 503);
  t.equal(desk.plane.log.at(-1), 'close');
  t.same(desk.states(), ['ringing', 'ended']);
});

t.test('a car that leaves without the closing phrase leaves its order for review', async (t) => {
  const desk = deskFixture();
  const invite = await desk.ring();
  invite.dialog.ack();
  desk.speak('burger');
  invite.dialog.end('BYE');
  await settle();
  t.match(desk.delivery.committed, [{ review: { needed: true, reasons: ['no_final_readback'] } }]);
});

t.test('a lost lane: the order goes for review, the guest hears the apology, then BYE with the reason', async (t) => {
  const desk = deskFixture();
  const invite = await desk.ring();
  invite.dialog.ack();
  desk.speak('burger');
  const callId = desk.desk.live[0]?.callId ?? '';
  desk.plane.emit('laneFailed', { callId, error: { code: 'LANE_UNAVAILABLE', details: { reason: 'killed' } } });
  await settle();
  t.same(desk.plane.log, ['open', 'start', 'play']);
  t.match(desk.delivery.committed, [{ review: { reasons: ['truncated'] } }]);
  t.same(invite.dialog.byes, [], 'no BYE before the apology was heard');
  desk.plane.finishPlay?.();
  await settle();
  t.same(invite.dialog.byes, [{ cause: 503, text: 'LANE_UNAVAILABLE' }]);
  t.same(desk.states(), ['ringing', 'answered', 'talking', 'apologising', 'ended']);
  t.match(desk.ended(), [{ outcome: 'failed' }]);
  t.same(desk.alerts(), ['LANE_UNAVAILABLE']);
  t.ok(
    desk.delivery.records.some(
      (record) => record.kind === 'log' && record.what === 'lane_failed' && record.detail !== '',
    ),
  );
});

t.test("the apology is the persona's own where it is there, else the file of the store", async (t) => {
  for (const [missing, played] of [
    [[], ['own-voice.wav']],
    [['own-voice.wav'], ['apology.wav']],
    [['own-voice.wav', 'apology.wav'], []],
  ] as const) {
    const desk = deskFixture();
    for (const file of missing) desk.plane.missing.add(file);
    const invite = await desk.ring();
    invite.dialog.ack();
    const callId = desk.desk.live[0]?.callId ?? '';
    desk.plane.emit('laneFailed', { callId, error: { code: 'LANE_HUNG', details: { ms: 1_000 } } });
    await settle();
    desk.plane.finishPlay?.();
    await settle();
    t.same(desk.plane.played, played);
    t.equal(invite.dialog.byes.length, 1, 'the call ends in any case');
  }
});

t.test('a dead media worker: the apology is played from a new worker on the same port', async (t) => {
  const desk = deskFixture();
  const invite = await desk.ring();
  invite.dialog.ack();
  desk.plane.emit('workerFailed', { code: 'INTERNAL', details: { reason: 'worker died' } });
  await settle();
  t.same(desk.plane.log, ['open', 'start', 'open without lane', 'start', 'play']);
  t.equal(desk.plane.opened[1]?.rtpPort, 17_000);
  desk.plane.finishPlay?.();
  await settle();
  t.equal(invite.dialog.byes.length, 1);
});

t.test('a media worker that dies before the ACK: the apology begins with the ACK, on the same port', async (t) => {
  const desk = deskFixture();
  const invite = await desk.ring();
  desk.plane.emit('workerFailed', { code: 'INTERNAL', details: { reason: 'worker died' } });
  t.same(desk.plane.log, ['open'], 'nobody listens yet');
  invite.dialog.ack();
  await settle();
  t.same(desk.plane.log, ['open', 'open without lane', 'start', 'play']);
  t.equal(desk.plane.opened[1]?.rtpPort, 17_000);
});

t.test('an apology that cannot be played to its end is given up after 15 s', async (t) => {
  const desk = deskFixture();
  const invite = await desk.ring();
  invite.dialog.ack();
  const callId = desk.desk.live[0]?.callId ?? '';
  desk.plane.emit('laneFailed', { callId, error: { code: 'INTERNAL', details: { reason: 'x' } } });
  await settle();
  desk.clock.advance(15_000);
  await settle();
  t.equal(invite.dialog.byes.length, 1);
});

t.test('without an engine the car is answered and apologised to', async (t) => {
  const desk = deskFixture();
  desk.plane.refusal = new SpeakerpostError('LANE_UNAVAILABLE', { reason: 'starting' });
  const invite = await desk.ring();
  t.not(invite.answered, null);
  invite.dialog.ack();
  await settle();
  t.same(desk.plane.log, ['open without lane', 'start', 'play']);
  desk.plane.finishPlay?.();
  await settle();
  t.match(desk.ended(), [{ outcome: 'failed' }]);
});

t.test('no free lane is 486 with Retry-After; no codec in common is 488; a stranger is 403', async (t) => {
  const desk = deskFixture();
  t.match((await desk.ring(new TestInvite('no codec'))).rejected, {
    status: 488,
    headers: { Warning: /no common codec/ },
  });
  t.match((await desk.ring(new TestInvite('offer', '10.0.0.1'))).rejected, { status: 403 });
  desk.plane.refusal = new SpeakerpostError('LANE_NONE_FREE', { lanes: 2 });
  t.match((await desk.ring()).rejected, { status: 486, headers: { 'Retry-After': '10' } });
  t.equal(desk.desk.live.length, 0);
});

t.test('a call that reaches its length is ended: let go after an order, apologised to without one', async (t) => {
  const ordered = deskFixture();
  const first = await ordered.ring();
  first.dialog.ack();
  ordered.speak('burger', 'close');
  ordered.clock.advance(45_000);
  await settle();
  t.match(first.dialog.byes, [{ cause: 200 }]);
  const open = deskFixture();
  const second = await open.ring();
  second.dialog.ack();
  open.clock.advance(45_000);
  await settle();
  t.ok(open.plane.log.includes('play'));
  t.same(open.alerts(), ['CALL_TOO_LONG']);
});

t.test('a re-INVITE is answered by the answerer, for hold too, and refused when it cannot be', async (t) => {
  const desk = deskFixture();
  const invite = await desk.ring();
  invite.dialog.ack();
  t.same(invite.dialog.offer('hold'), { sdp: 'answer to hold recvonly on 17000' });
  t.same(invite.dialog.offer(null), { sdp: 'the last description' });
  t.same(invite.dialog.offer('no codec'), { status: 488, reason: 'Not Acceptable Here' });
  t.ok(desk.plane.log.includes('update recvonly'));
});

t.test('an INVITE without an offer gets ours, and the answer comes with the ACK', async (t) => {
  const desk = deskFixture();
  const invite = await desk.ring(new TestInvite(null));
  t.equal(invite.answered, 'offer on 17000');
  invite.dialog.remoteSdp = 'late answer';
  invite.dialog.ack();
  t.same(desk.plane.log, ['open', 'update sendrecv', 'start']);
  const refused = await desk.ring(new TestInvite(null));
  refused.dialog.ack();
  await settle();
  t.match(refused.dialog.byes, [{ cause: 488 }]);
});

t.test('a CANCEL while the lane is being taken frees it', async (t) => {
  const desk = deskFixture();
  const invite = new TestInvite();
  const ringing = desk.ring(invite);
  invite.cancel();
  await ringing;
  t.same(desk.plane.log, ['open', 'close']);
  t.equal(invite.answered, null);
  t.equal(desk.desk.live.length, 0);
});

t.test('a ticket that the disk refuses is kept and tried again; meanwhile new cars hear the apology', async (t) => {
  const desk = deskFixture();
  desk.delivery.refusals = 2;
  const invite = await desk.ring();
  invite.dialog.ack();
  desk.speak('burger', 'close');
  await settle();
  t.same(desk.alerts(), ['TICKET_NOT_STORED']);
  const next = await desk.ring();
  next.dialog.ack();
  await settle();
  t.ok(desk.plane.log.includes('play'));
  t.same(desk.alerts(), ['TICKET_NOT_STORED', 'TICKET_NOT_STORED'], 'its apology says why');
  desk.clock.advance(5_000);
  await settle();
  desk.clock.advance(5_000);
  await settle();
  t.equal(desk.delivery.committed.length, 1, 'stored in the end, once');
});

t.test('an order of which no ticket can be made raises an alert, and the call goes on', async (t) => {
  const desk = deskFixture({}, undefined, () => {
    throw new SpeakerpostError('INTERNAL', { reason: 'it does not fit the schema' });
  });
  const invite = await desk.ring();
  invite.dialog.ack();
  desk.speak('burger', 'close', 'bye');
  await settle();
  t.same(desk.alerts(), ['INTERNAL']);
  t.equal(desk.desk.live[0]?.words.length, 3);
  t.equal(desk.delivery.committed.length, 0);
});

t.test('stopping ends every call with BYE and takes no more', async (t) => {
  const desk = deskFixture();
  const invite = await desk.ring();
  invite.dialog.ack();
  desk.speak('burger');
  await desk.desk.stop();
  t.match(invite.dialog.byes, [{ cause: 503 }]);
  t.equal(desk.delivery.committed.length, 1);
  t.match((await desk.ring()).rejected, { status: 503 });
});

t.test('the log of a call for its replay is asked for where the store keeps them, and only there', async (t) => {
  const keeping = deskFixture({ callLogDirectory: '/calls' });
  await keeping.ring();
  const [session] = keeping.plane.opened;
  t.equal(session?.lane?.logFile, `/calls/${session?.callId}.tokens`);
  const other = deskFixture();
  await other.ring();
  t.equal(other.plane.opened[0]?.lane?.logFile, null);
});

t.test('a trunk with early media gets 183 with the SDP of its 200, another does not', async (t) => {
  const early = await deskFixture({ trunks: [{ ...loopbackTrunk, earlyMedia: true }] }).ring();
  t.equal(early.early, early.answered);
  t.match(early.early, /answer to offer/);
  t.equal((await deskFixture().ring()).early, null);
});

t.test('keys come only the ways that the trunk has', async (t) => {
  const keysOf = async (dtmf: readonly ('rfc4733' | 'info' | 'inband')[]) => {
    const desk = deskFixture({ trunks: [{ ...loopbackTrunk, dtmf: [...dtmf] }] });
    const invite = await desk.ring();
    invite.dialog.ack();
    desk.plane.emit('dtmf', { callId: desk.desk.live[0]?.callId ?? '', digit: '1', atMs: 10 });
    invite.dialog.info('application/dtmf-relay', 'Signal=2\r\nDuration=100\r\n');
    return desk.delivery.records.flatMap((record) =>
      record.kind === 'log' && record.what === 'dtmf' ? [record.detail] : [],
    );
  };
  t.same(await keysOf(['rfc4733', 'info']), ['1', '2']);
  t.same(await keysOf(['rfc4733']), ['1']);
  t.same(await keysOf(['info']), ['2']);
});
