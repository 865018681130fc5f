import { test } from 'tap';
import { answer, offer, startStation } from '../transport/station.ts';

const users = [{ user: 'post', password: 'burger-barn' }];

test('a call to a trunk with users goes up with the right password, and only with that', async (t) => {
  const gateway = await startStation(t, { trunkUsers: [{ allow: ['127.0.0.0/8'], users }] });
  const caller = await startStation(t);
  let calls = 0;
  gateway.agent.onInvite((invite) => {
    calls++;
    void invite.answer(answer);
  });
  const uri = `sip:order@127.0.0.1:${gateway.port('udp')}`;
  const refused = { code: 'SIP_CALL_FAILED', details: { status: 401 } };
  await t.rejects(caller.agent.placeCall(uri, { sdpOffer: offer }), refused);
  const wrong = { user: 'post', password: 'wrong' };
  await t.rejects(caller.agent.placeCall(uri, { sdpOffer: offer, login: wrong }), refused);
  t.equal(calls, 0);
  const dialog = await caller.agent.placeCall(uri, {
    sdpOffer: offer,
    login: { user: 'post', password: 'burger-barn' },
  });
  t.equal(calls, 1);
  await dialog.bye();
  t.equal(gateway.counter('dialogs'), 0);
  t.equal(gateway.counter('authentications_failed'), 1);
});
