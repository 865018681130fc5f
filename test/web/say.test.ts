import { test } from 'tap';
import { SpeakerpostError } from '../../src/runtime/errors.ts';
import { ask, csrfOf, setStage, signIn } from './fixtures.ts';

const call = {
  callId: 'c1',
  lane: 'lane-1',
  state: 'talking',
  from: 'sip:car@127.0.0.1',
  startedWallMs: 0,
  words: [],
  orders: [],
} as const;

test('a sentence typed on the live page is said in the call that it was typed for', async (t) => {
  const stage = await setStage(t);
  stage.desk.live = [call];
  const headers = await signIn(stage);
  const csrf = csrfOf(await ask(stage.web, '/live', { headers }));
  const say = (callId: string, text: string) =>
    ask(stage.web, `/calls/${callId}/say`, { headers, form: { csrf, text } });

  t.equal((await say('c1', '  We are out of\n pies. ')).status, 204);
  t.same(stage.desk.said, ['c1 whisper: We are out of pies.']);
  t.equal((await say('c1', '   ')).status, 400);
  t.equal((await say('c1', 'x'.repeat(301))).status, 400);
  t.equal((await say('c2', 'Hello.')).status, 404);
  stage.desk.refusal = new SpeakerpostError('LANE_WORDS_INVALID', { lane: 0, words: '歡迎', reason: 'no such signs' });
  const refused = await say('c1', '歡迎');
  t.equal(refused.status, 409);
  t.match(JSON.parse(refused.text), { code: 'LANE_WORDS_INVALID', error: /no such signs/, remedy: /as words/ });
  t.equal(stage.desk.said.length, 1);
});

test('only a form of the own session has anything said', async (t) => {
  const stage = await setStage(t);
  stage.desk.live = [call];
  const headers = await signIn(stage);
  t.equal((await ask(stage.web, '/calls/c1/say', { headers, form: { csrf: 'x', text: 'Hi.' } })).status, 403);
  const csrf = csrfOf(await ask(stage.web, '/live', { headers }));
  t.not((await ask(stage.web, '/calls/c1/say', { form: { csrf, text: 'Hi.' } })).status, 204);
  t.same(stage.desk.said, []);
});
