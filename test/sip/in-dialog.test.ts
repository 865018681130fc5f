import { test } from 'tap';
import type { SipDialog } from '../../src/sip/contract.ts';
import { startSipSide } from '../support/sip-side.ts';
import { openRawPeer, rawHeader, rawRequest } from './raw-peer.ts';

const ours = 'v=0\r\no=- 2 2 IN IP4 127.0.0.1\r\n';
const theirs = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\n';
const sdp = 'application/sdp';

/** A call that a bare peer placed to our user agent and acknowledged. */
async function callFromPeer(t: { teardown(task: () => void | Promise<void>): void }) {
  const { agent, server, port, close } = await startSipSide();
  t.teardown(close);
  const peer = await openRawPeer(t);
  const answered = new Promise<SipDialog>((resolve) =>
    agent.onInvite((invite) => void invite.answer(ours).then(resolve)),
  );
  peer.send(rawRequest({ method: 'INVITE', sequence: 1, port: peer.port, contentType: sdp, body: theirs }), port);
  const ok = await peer.until('SIP/2.0 200', 'CSeq: 1 INVITE');
  const to = rawHeader(ok, 'To');
  const ask = (method: string, sequence: number, body = '', contentType = sdp) =>
    peer.send(
      rawRequest({ method, sequence, port: peer.port, to, ...(body === '' ? {} : { contentType, body }) }),
      port,
    );
  ask('ACK', 1);
  return { dialog: await answered, peer, ask, counters: () => server.counters() };
}

test('INFO goes up with its type and body', async (t) => {
  const { dialog, peer, ask } = await callFromPeer(t);
  const infos: string[] = [];
  dialog.onInfo((contentType, body) => infos.push(contentType, body));
  ask('INFO', 2, 'Signal=5\r\nDuration=160\r\n', 'application/dtmf-relay');
  await peer.until('SIP/2.0 200', 'CSeq: 2 INFO');
  t.same(infos, ['application/dtmf-relay', 'Signal=5\r\nDuration=160\r\n']);
  ask('BYE', 3);
  await peer.until('SIP/2.0 200', 'CSeq: 3 BYE');
});

test('UPDATE and re-INVITE carry offers, also a re-INVITE without one; without a handler they get 488', async (t) => {
  const { dialog, peer, ask } = await callFromPeer(t);
  ask('INVITE', 2, theirs);
  await peer.until('SIP/2.0 488', 'CSeq: 2 INVITE');
  ask('ACK', 2);
  const offers: (string | null)[] = [];
  dialog.onOffer((offer) => {
    offers.push(offer);
    return { sdp: ours };
  });
  const held = theirs.replace('1 1', '1 2');
  ask('UPDATE', 3, held);
  t.match(await peer.until('SIP/2.0 200', 'CSeq: 3 UPDATE'), ours);
  t.equal(dialog.remoteSdp, held);
  ask('UPDATE', 4);
  await peer.until('SIP/2.0 200', 'CSeq: 4 UPDATE');
  ask('INVITE', 5);
  t.match(await peer.until('SIP/2.0 200', 'CSeq: 5 INVITE'), ours);
  ask('ACK', 5, theirs);
  t.same(offers, [held, null], 'an UPDATE without an offer only refreshes');
  ask('BYE', 6);
  await peer.until('SIP/2.0 200', 'CSeq: 6 BYE');
});

test('a second BYE and a late request find no dialog', async (t) => {
  const { dialog, peer, ask, counters } = await callFromPeer(t);
  const reasons: string[] = [];
  dialog.onEnd((reason) => reasons.push(reason));
  ask('BYE', 2);
  await peer.until('SIP/2.0 200', 'CSeq: 2 BYE');
  ask('INFO', 3);
  await peer.until('SIP/2.0 481', 'CSeq: 3 INFO');
  await dialog.bye();
  t.same(reasons, ['the peer hung up']);
  t.equal(counters()['requests_out_BYE'], undefined, 'no BYE crosses the one that came');
});
