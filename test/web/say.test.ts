import { test } from 'tap';
import { SpeakerpostError } from '../../src/runtime/errors.ts';
import { ask, csrfOf, type Stage, setStage, signIn } from './fixtures.ts';

const call = {
  callId: 'c1',
  lane: 'lane-1',
  state: 'talking',
  from: 'sip:car@127.0.0.1',
  startedWallMs: 0,
  words: [],
  orders: [],
} as const;

async function onStage(stage: Stage) {
  stage.desk.live = [call];
  const cookie = await signIn(stage);
  const csrf = csrfOf(await ask(stage.web, '/live', { headers: cookie }));
  return (callId: string, text: string, token = csrf) =>
    ask(stage.web, `/api/calls/${callId}/say`, {
      method: 'POST',
      json: { text },
      headers: { ...cookie, 'x-csrf-token': token },
    });
}

test('a sentence typed on the live page is said in the call that it was typed for', async (t) => {
  const stage = await setStage(t);
  const say = await onStage(stage);
  t.equal((await say('c1', '  We are out of\n pies. ')).status, 204);
  t.same(stage.desk.said, ['c1 whisper: We are out of pies.']);
  t.equal((await say('c1', '   ')).status, 400);
  t.equal((await say('c1', 'x'.repeat(301))).status, 400);
  t.equal((await say('c2', 'Hello.')).status, 404);
  t.equal((await say('c1', 'Hello.', 'forged')).status, 403);
  t.equal(stage.desk.said.length, 1);
});

test('what the agent cannot say is answered with why, and what to do', async (t) => {
  const stage = await setStage(t);
  const say = await onStage(stage);
  stage.desk.refusal = new SpeakerpostError('LANE_WORDS_INVALID', { lane: 0, words: '歡迎', reason: 'no such signs' });
  const unsayable = await say('c1', '歡迎');
  t.equal(unsayable.status, 422);
  t.match(JSON.parse(unsayable.text), { code: 'LANE_WORDS_INVALID', error: /no such signs/, remedy: /as words/ });
  stage.desk.refusal = new SpeakerpostError('CALL_NOT_TALKING', { callId: 'c1' });
  t.equal((await say('c1', 'Hello?')).status, 409);
});
