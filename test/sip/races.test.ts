import { type Test, test } from 'tap';
import type { SipDialog } from '../../src/sip/contract.ts';
import { openRawPeer, rawHeader, rawRequest } from './raw-peer.ts';
import { answer, offer, startStation } from './transport/station.ts';

// What SIPp cannot do: two messages in one breath, or in the wrong order.

const sdp = { contentType: 'application/sdp', body: offer };

async function peerAndGateway(t: Test) {
  const gateway = await startStation(t);
  const peer = await openRawPeer(t);
  const ask = (method: string, sequence: number, more: Partial<Parameters<typeof rawRequest>[0]> = {}) =>
    rawRequest({ method, sequence, port: peer.port, ...more });
  const send = (...messages: readonly string[]) => {
    for (const message of messages) peer.send(message, gateway.port('udp'));
  };
  /** It belongs to the INVITE with this CSeq. */
  const ofInvite = (message: string, method: string, sequence: number) =>
    message.replace(`branch=z9hG4bK${method}${sequence}`, `branch=z9hG4bKINVITE${sequence}`);
  return { gateway, peer, ask, send, cancel: () => ofInvite(ask('CANCEL', 1), 'CANCEL', 1) };
}

test('CANCEL right behind the INVITE: 200 to it, 487 to the INVITE, the application knows', async (t) => {
  const { gateway, peer, ask, send, cancel } = await peerAndGateway(t);
  const cancelled = new Promise<void>((resolve) =>
    gateway.agent.onInvite((invite) => {
      invite.ring();
      invite.onCancel(resolve);
    }),
  );
  send(ask('INVITE', 1, sdp), cancel());
  await peer.until('SIP/2.0 200', 'CSeq: 1 CANCEL');
  await peer.until('SIP/2.0 487', 'CSeq: 1 INVITE');
  await cancelled;
  t.same([gateway.counter('dialogs'), gateway.counter('requests_unanswered')], [0, 0]);
});

test('CANCEL before its INVITE cancels nothing: 481, and the call comes up', async (t) => {
  const { gateway, peer, ask, send, cancel } = await peerAndGateway(t);
  gateway.agent.onInvite((invite) => void invite.answer(answer));
  send(cancel(), ask('INVITE', 1, sdp));
  await peer.until('SIP/2.0 481', 'CSeq: 1 CANCEL');
  const ok = await peer.until('SIP/2.0 200', 'CSeq: 1 INVITE');
  const to = rawHeader(ok, 'To');
  send(ask('ACK', 1, { to }), ask('BYE', 2, { to }));
  await peer.until('SIP/2.0 200', 'CSeq: 2 BYE');
});

test('the INVITE comes twice at once: one call', async (t) => {
  const { gateway, peer, ask, send } = await peerAndGateway(t);
  let calls = 0;
  gateway.agent.onInvite((invite) => {
    calls++;
    void invite.answer(answer);
  });
  const invite = ask('INVITE', 1, sdp);
  send(invite, invite, invite);
  const to = rawHeader(await peer.until('SIP/2.0 200', 'CSeq: 1 INVITE'), 'To');
  t.equal(calls, 1);
  t.equal(gateway.counter('retransmissions_in'), 2);
  send(ask('BYE', 2, { to }));
  await peer.until('SIP/2.0 200', 'CSeq: 2 BYE');
});

/** A call that is up. */
async function callIsUp(t: Test) {
  const side = await peerAndGateway(t);
  const answered = new Promise<SipDialog>((resolve) =>
    side.gateway.agent.onInvite((invite) => void invite.answer(answer).then(resolve)),
  );
  side.send(side.ask('INVITE', 1, sdp));
  const to = rawHeader(await side.peer.until('SIP/2.0 200', 'CSeq: 1 INVITE'), 'To');
  side.send(side.ask('ACK', 1, { to }));
  return { ...side, to, dialog: await answered };
}

test('BYE right behind a re-INVITE: both are answered, nothing is left', async (t) => {
  const { gateway, peer, ask, send, to, dialog } = await callIsUp(t);
  dialog.onOffer(() => ({ sdp: answer }));
  send(ask('INVITE', 2, { to, ...sdp }), ask('BYE', 3, { to }));
  await peer.until('SIP/2.0 200', 'CSeq: 3 BYE');
  await peer.until('SIP/2.0 ', 'CSeq: 2 INVITE');
  await peer.until('SIP/2.0 4', 'CSeq: 2 INVITE');
  t.same([gateway.counter('dialogs'), gateway.counter('requests_unanswered')], [0, 0]);
});

test('our BYE crosses theirs: theirs is answered, nothing is left', async (t) => {
  const { gateway, peer, ask, send, to, dialog } = await callIsUp(t);
  const reasons: string[] = [];
  dialog.onEnd((reason) => reasons.push(reason));
  void dialog.bye();
  send(ask('BYE', 2, { to }));
  await peer.until('SIP/2.0 ', 'CSeq: 2 BYE');
  t.same(reasons, ['hung up']);
  t.equal(gateway.counter('requests_unanswered'), 0);
});

test('the 2xx to our re-INVITE crosses their BYE: it is acknowledged, or the peer would repeat it for 32 s', async (t) => {
  const { peer, ask, send, to, dialog } = await callIsUp(t);
  dialog.reinvite(offer).catch(() => {});
  const invite = await peer.until('INVITE ', 'CSeq: 1 INVITE');
  send(ask('BYE', 2, { to }));
  await peer.until('SIP/2.0 200', 'CSeq: 2 BYE');
  const copied = ['Via', 'From', 'To', 'Call-ID', 'CSeq'].map((name) => `${name}: ${rawHeader(invite, name)}`);
  send(
    ['SIP/2.0 200 OK', ...copied, `Contact: <sip:post@127.0.0.1:${peer.port}>`, 'Content-Length: 0', '', ''].join(
      '\r\n',
    ),
  );
  t.match(await peer.until('ACK ', 'CSeq: 1 ACK'), 'ACK');
});
