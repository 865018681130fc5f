import t from 'tap';
import type { CrewSettings } from '../../src/calls/crew-ring.ts';
import { SpeakerpostError } from '../../src/runtime/errors.ts';
import { deskFixture, settle } from './fixtures.ts';

const crew: CrewSettings = {
  phones: ['sip:grill@10.0.0.5', 'counter'],
  order: 'together',
  ringMs: 20_000,
  autoAnswer: false,
  handBackKeys: '*9',
  phrases: ['let me get someone'],
};
const lost = { code: 'LANE_HUNG', details: { ms: 1_000 } } as const;

async function talking(changes: Partial<CrewSettings> = {}) {
  const desk = deskFixture({ crew: { ...crew, ...changes } });
  const invite = await desk.ring();
  invite.dialog.ack();
  await settle();
  const callId = desk.desk.live[0]?.callId ?? '';
  const logged = () => desk.delivery.records.flatMap((each) => (each.kind === 'log' ? [each.what] : []));
  return { ...desk, invite, callId, logged };
}

t.test(
  'a lost lane rings every handset; the guest hears the apology, then the tone, then whoever answers first',
  async (t) => {
    const { plane, userAgent, invite, callId, states, logged, ended, clock } = await talking();
    plane.emit('laneFailed', { callId, error: lost });
    await settle();
    t.same(
      userAgent.rung.map(({ phone }) => phone),
      ['sip:grill@10.0.0.5', 'counter'],
    );
    t.match(userAgent.rung[0]?.options, { sdpOffer: /offer on/, headers: { Subject: /lane-1: LANE_HUNG/ } });
    t.equal(plane.log.at(-1), 'play');
    plane.finishPlay?.();
    await settle();
    t.equal(plane.log.at(-1), 'ringback', 'never silence');
    userAgent.rung[1]?.answer();
    await settle();
    t.equal(userAgent.rung[0]?.options.signal?.aborted, true, 'the other one stops ringing');
    t.ok(plane.log.includes('bridge +crew1'));
    t.same(states().slice(-2), ['calling_crew', 'with_crew']);
    t.ok(['lane_failed', 'crew_called', 'crew_answered'].every((what) => logged().includes(what)));
    invite.dialog.end('BYE');
    await settle();
    t.match(ended(), [{ outcome: 'failed' }]);
    t.equal(userAgent.rung[1]?.dialog.byes.length, 1, 'the handset is let go');
    t.equal(plane.log.filter((line) => line === 'close crew').length, 2);
    t.equal(clock.pendingCount, 0);
  },
);

t.test('where nobody comes the guest hears the apology again and the call ends with the reason', async (t) => {
  const { plane, userAgent, invite, callId, clock, ended, logged } = await talking();
  plane.emit('laneFailed', { callId, error: lost });
  await settle();
  plane.finishPlay?.();
  userAgent.rung[0]?.refuse();
  await settle();
  clock.advance(20_000);
  await settle();
  t.ok(logged().includes('crew_unanswered'));
  t.equal(plane.played.length, 2);
  plane.finishPlay?.();
  await settle();
  t.same(invite.dialog.byes, [{ cause: 503, text: 'LANE_HUNG' }]);
  t.match(ended(), [{ outcome: 'failed' }]);
});

t.test('handsets in turn: the next one rings when the one before does not answer', async (t) => {
  const { plane, userAgent, callId, clock } = await talking({ order: 'in-turn', autoAnswer: true });
  plane.emit('laneFailed', { callId, error: lost });
  await settle();
  t.equal(userAgent.rung.length, 1);
  t.match(userAgent.rung[0]?.options.headers, { 'Call-Info': /answer-after=0/, 'Alert-Info': /auto/ });
  clock.advance(20_000);
  await settle();
  t.same(
    userAgent.rung.map(({ phone }) => phone),
    ['sip:grill@10.0.0.5', 'counter'],
  );
  userAgent.rung[1]?.answer();
  await settle();
  t.ok(plane.log.some((line) => line.startsWith('bridge')));
});

t.test('the agent calls for a person, goes on while it rings, and goes on when nobody comes', async (t) => {
  const { plane, userAgent, states, desk, speak } = await talking();
  speak('Sure,', 'let', 'me', 'get', 'someone.', 'One');
  await settle();
  t.equal(userAgent.rung.length, 2);
  t.equal(states().at(-1), 'calling_crew');
  t.notOk(plane.log.includes('play'), 'the agent is there: no apology');
  speak('burger', 'please');
  t.ok((desk.live[0]?.words.length ?? 0) > 5, 'it is still understood');
  for (const handset of userAgent.rung) handset.refuse();
  await settle();
  t.equal(states().at(-1), 'talking');
});

t.test('a lane is taken over by hand and handed back by the keys of the handset', async (t) => {
  const { plane, userAgent, callId, desk, states, logged } = await talking();
  const taken = desk.takeOver(callId, 'asked for by ana');
  await settle();
  userAgent.rung[0]?.answer();
  await taken;
  t.equal(states().at(-1), 'with_crew');
  await t.rejects(desk.takeOver(callId, ''), { code: 'CALL_NOT_TALKING' });
  for (const digit of '1*9') plane.emit('dtmf', { callId: `${callId}+crew0`, digit, atMs: 0 });
  await settle();
  t.ok(plane.log.includes('take lane'));
  t.equal(states().at(-1), 'talking');
  t.equal(userAgent.rung[0]?.dialog.byes.length, 1);
  t.ok(logged().includes('crew_handed_back'));
});

t.test('where no lane is free the crew keeps the guest', async (t) => {
  const { plane, userAgent, callId, desk, states } = await talking();
  const taken = desk.takeOver(callId, '');
  await settle();
  userAgent.rung[0]?.answer();
  await taken;
  plane.refusal = new SpeakerpostError('LANE_NONE_FREE', { lanes: 2 });
  await t.rejects(desk.handBack(callId), { code: 'LANE_NONE_FREE' });
  t.equal(states().at(-1), 'with_crew');
});

t.test('the crew hangs up: so does the gateway', async (t) => {
  const { userAgent, callId, desk, invite, ended } = await talking();
  const taken = desk.takeOver(callId, '');
  await settle();
  userAgent.rung[0]?.answer();
  await taken;
  userAgent.rung[0]?.dialog.end('BYE');
  await settle();
  t.match(invite.dialog.byes, [{ cause: 200 }]);
  t.equal(ended().length, 1);
});

t.test('a guest who leaves while it rings ends the ringing, and whoever asked is told', async (t) => {
  const { userAgent, callId, desk, invite, plane } = await talking();
  const taken = desk.takeOver(callId, '');
  await settle();
  invite.dialog.end('BYE');
  await t.rejects(taken, { code: 'CALL_UNKNOWN' });
  await settle();
  t.ok(userAgent.rung.every(({ options }) => options.signal?.aborted));
  t.equal(plane.log.filter((line) => line === 'close crew').length, 2);
});

t.test('every lane is taken: with a crew the call is answered and rings it', async (t) => {
  const desk = deskFixture({ crew });
  desk.plane.refusal = new SpeakerpostError('LANE_NONE_FREE', { lanes: 2 });
  const invite = await desk.ring();
  t.not(invite.answered, null);
  invite.dialog.ack();
  await settle();
  t.equal(desk.userAgent.rung.length, 2);
});

t.test('a store without handsets says so', async (t) => {
  const desk = deskFixture();
  const invite = await desk.ring();
  invite.dialog.ack();
  await settle();
  await t.rejects(desk.desk.takeOver(desk.desk.live[0]?.callId ?? '', ''), { code: 'CREW_NOT_CONFIGURED' });
});
