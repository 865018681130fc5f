import t from 'tap';
import { SpeakerpostError } from '../../src/runtime/errors.ts';
import { deskFixture, settle } from './fixtures.ts';

/** The voice of the only call. */
function voiceOf({ desk }: ReturnType<typeof deskFixture>) {
  const callId = desk.live[0]?.callId ?? '';
  const voice = desk.voiceOf(callId);
  if (voice === null) throw new Error('no call is up');
  return { callId, voice };
}

const linesOf = (desk: ReturnType<typeof deskFixture>) =>
  desk.delivery.records.flatMap((record) => (record.kind === 'log' ? [`${record.what}: ${record.detail}`] : []));

t.test('a lane with a greeting begins with it, once, when the ACK has come', async (t) => {
  const desk = deskFixture({}, undefined, undefined, 'Welcome to Burger Barn.');
  const invite = await desk.ring();
  t.same(desk.plane.sayings, [], 'nobody listens yet');
  invite.dialog.ack();
  t.match(desk.plane.sayings, [{ text: 'Welcome to Burger Barn.' }]);
  t.ok(linesOf(desk).includes('greeting: Welcome to Burger Barn.'));
});

t.test('a greeting that the checkpoint cannot say is trouble in the log, and the call goes on', async (t) => {
  const desk = deskFixture({}, undefined, undefined, '歡迎');
  const invite = await desk.ring();
  invite.dialog.ack();
  const details = { lane: 0, words: '歡迎', reason: 'no such signs' };
  desk.plane.sayings[0]?.reject(new SpeakerpostError('LANE_WORDS_INVALID', details));
  await settle();
  t.ok(linesOf(desk).some((line) => line.startsWith('greeting_failed: ')));
  t.same(desk.states(), ['ringing', 'answered', 'talking']);
});

t.test('what others have the agent say goes to the lane and resolves when it was said', async (t) => {
  const desk = deskFixture();
  const invite = await desk.ring();
  const { callId, voice } = voiceOf(desk);
  await t.rejects(voice.say('Too early.', 'whisper'), { code: 'CALL_NOT_TALKING' });
  invite.dialog.ack();
  let isSaid = false;
  const saying = voice.say('Your total is seven dollars.', 'read_back').then(() => {
    isSaid = true;
  });
  t.match(desk.plane.sayings, [{ callId, text: 'Your total is seven dollars.' }]);
  await settle();
  t.equal(isSaid, false);
  desk.plane.sayings[0]?.resolve();
  await saying;
  t.equal(isSaid, true);
});

t.test(
  'a guest who drives off in the middle of a sentence is no trouble; there is no voice without a call',
  async (t) => {
    const desk = deskFixture();
    const invite = await desk.ring();
    invite.dialog.ack();
    const { callId, voice } = voiceOf(desk);
    const saying = voice.say('One more thing.', 'whisper');
    invite.dialog.end('BYE');
    desk.plane.sayings[0]?.reject(new SpeakerpostError('MEDIA_SESSION_UNKNOWN', { callId }));
    await t.rejects(saying, { code: 'MEDIA_SESSION_UNKNOWN' });
    await settle();
    t.notOk(linesOf(desk).some((line) => line.includes('failed')));
    t.equal(desk.desk.voiceOf(callId), null);
    await t.rejects(voice.say('Anyone there?', 'whisper'), { code: 'CALL_NOT_TALKING' });
  },
);
