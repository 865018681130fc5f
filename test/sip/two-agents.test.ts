import { test } from 'tap';
import { isError } from '../../src/runtime/errors.ts';
import type { IncomingInvite, SipDialog } from '../../src/sip/contract.ts';
import { type SipSide, startSipSide } from '../support/sip-side.ts';

const offer = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n';
const answer = offer.replace('4000', '5000');

async function startSide(t: { teardown(task: () => Promise<void>): void }): Promise<SipSide> {
  const side = await startSipSide();
  t.teardown(() => side.close());
  return side;
}

function next<T>(subscribe: (listener: (value: T) => void) => void): Promise<T> {
  return new Promise((resolve) => subscribe(resolve));
}

test('a call goes up and is ended by the callee with a reason', async (t) => {
  const caller = await startSide(t);
  const callee = await startSide(t);
  const invites = next<IncomingInvite>((take) => callee.agent.onInvite(take));
  const provisional: number[] = [];
  const placed = caller.agent.placeCall(callee.uri, {
    sdpOffer: offer,
    headers: { 'X-Lane': 'lane-1\r\nX-Evil: 1' },
    onProvisional: (status) => provisional.push(status),
  });
  const invite = await invites;
  t.equal(invite.requestUser, 'order');
  t.equal(invite.sdpOffer, offer);
  t.equal(invite.source.address, '127.0.0.1');
  t.equal(invite.header('x-lane'), 'lane-1 X-Evil: 1', 'a line break starts no header');
  t.equal(invite.header('x-evil'), undefined);
  invite.ring();
  const incoming = await invite.answer(answer);
  await next<void>((done) => incoming.onAck(done));
  const outgoing = await placed;
  t.equal(outgoing.remoteSdp, answer);
  t.equal(incoming.remoteSdp, offer);
  t.equal(outgoing.sipCallId, incoming.sipCallId);
  t.same(provisional, [100, 180]);
  const ended = next<string>((take) => outgoing.onEnd(take));
  await incoming.bye({ cause: 503, text: 'LANE_HUNG "now"' });
  t.equal(await ended, "LANE_HUNG 'now'");
  t.equal(callee.server.counters()['dialogs'], 0);
  t.equal(caller.server.counters()['dialogs'], 0);
});

test('the caller ends a call; both sides hold no dialog', async (t) => {
  const caller = await startSide(t);
  const callee = await startSide(t);
  const dialogs = next<SipDialog>((take) => callee.agent.onInvite((invite) => void invite.answer(answer).then(take)));
  const outgoing = await caller.agent.placeCall(callee.uri, { sdpOffer: offer });
  const incoming = await dialogs;
  const ended = next<string>((take) => incoming.onEnd(take));
  await outgoing.bye();
  t.equal(await ended, 'the peer hung up');
  t.equal(callee.server.counters()['dialogs'], 0);
});

test('a refused call carries the status', async (t) => {
  const caller = await startSide(t);
  const callee = await startSide(t);
  callee.agent.onInvite((invite) => invite.reject(486, 'Busy Here', { 'Retry-After': '10' }));
  await t.rejects(caller.agent.placeCall(callee.uri, { sdpOffer: offer }), {
    code: 'SIP_CALL_FAILED',
    details: { status: 486, reason: 'Busy Here' },
  });
});

test('a call is cancelled while it rings', async (t) => {
  const caller = await startSide(t);
  const callee = await startSide(t);
  const abort = new AbortController();
  const cancelled = next<IncomingInvite>((take) =>
    callee.agent.onInvite((invite) => {
      invite.onCancel(() => take(invite));
      invite.ring();
    }),
  );
  const placed = caller.agent.placeCall(callee.uri, {
    sdpOffer: offer,
    signal: abort.signal,
    onProvisional: (status) => status === 180 && abort.abort(),
  });
  await t.rejects(placed, { code: 'SIP_CALL_FAILED', details: { status: 487 } });
  const invite = await cancelled;
  const error = await invite.answer(answer).catch((reason: unknown) => reason);
  t.ok(isError(error, 'SIP_CALL_CANCELLED'), 'an answer that comes too late is refused');
});
