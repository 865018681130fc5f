import { type Test, test } from 'tap';
import type { SipDialog } from '../../src/sip/contract.ts';
import { openRawPeer, rawHeader, rawOk, rawRequest } from './raw-peer.ts';
import { offer, startStation } from './transport/station.ts';

/** A call that a bare peer placed to a gateway; the peer reads REFER and says what it likes. */
async function callFromPeer(t: Test) {
  const gateway = await startStation(t);
  const peer = await openRawPeer(t);
  const port = gateway.port('udp');
  const answered = new Promise<SipDialog>((resolve) =>
    gateway.agent.onInvite((invite) => void invite.answer(offer).then(resolve)),
  );
  peer.send(
    rawRequest({ method: 'INVITE', sequence: 1, port: peer.port, contentType: 'application/sdp', body: offer }),
    port,
  );
  const to = rawHeader(await peer.until('SIP/2.0 200'), 'To');
  const ask = (method: string, sequence: number) =>
    peer.send(rawRequest({ method, sequence, port: peer.port, to }), port);
  ask('ACK', 1);
  let sequence = 10;
  const notify = (frag: string, state = 'active;expires=60') => {
    const body = `${frag}\r\n`;
    const request = rawRequest({
      method: 'NOTIFY',
      sequence: sequence++,
      port: peer.port,
      to,
      contentType: 'message/sipfrag',
      body,
    });
    peer.send(
      request.replace('Max-Forwards: 70', `Max-Forwards: 70\r\nEvent: refer\r\nSubscription-State: ${state}`),
      port,
    );
    return peer.until('SIP/2.0 200', `CSeq: ${sequence - 1} NOTIFY`);
  };
  const dialog = await answered;
  return { gateway, peer, port, ask, notify, dialog };
}

const accepted = (refer: string) => rawOk(refer).replace('200 OK', '202 Accepted');

test('a call is transferred: REFER with a tel: as it is, NOTIFYs, BYE after the final one', async (t) => {
  const { gateway, peer, port, notify, dialog } = await callFromPeer(t);
  const progress: number[] = [];
  const transferred = dialog.refer('tel:+15550100;ext=7', (status) => progress.push(status));
  const refer = await peer.until('REFER');
  t.equal(rawHeader(refer, 'Refer-To'), '<tel:+15550100;ext=7>');
  t.match(rawHeader(refer, 'Contact'), '<sip:127.0.0.1:');
  peer.send(accepted(refer), port);
  await notify('SIP/2.0 100 Trying');
  await notify('SIP/2.0 180 Ringing');
  t.equal(gateway.counter('dialogs'), 1, 'no BYE while the target rings');
  await notify('SIP/2.0 200 OK', 'terminated;reason=noresource');
  peer.send(rawOk(await peer.until('BYE')), port);
  await transferred;
  t.same(progress, [100, 180]);
  t.equal(gateway.counter('dialogs'), 0);
});

test('a transfer that fails leaves the call up, and another can be tried', async (t) => {
  const { gateway, peer, port, notify, dialog, ask } = await callFromPeer(t);
  const first = dialog.refer('sip:crew@192.0.2.9');
  await t.rejects(dialog.refer('sip:crew@192.0.2.9'), { code: 'SIP_TRANSFER_FAILED', details: { status: 491 } });
  peer.send(accepted(await peer.until('REFER')), port);
  const outcome = t.rejects(first, { code: 'SIP_TRANSFER_FAILED', details: { status: 486, reason: 'Busy Here' } });
  await notify('SIP/2.0 486 Busy Here', 'terminated;reason=noresource');
  await outcome;
  t.equal(gateway.counter('dialogs'), 1);
  const second = t.rejects(dialog.refer('sip:manager@192.0.2.9'), {
    code: 'SIP_TRANSFER_FAILED',
    details: { status: 603 },
  });
  const refer = await peer.until('REFER', 'manager');
  peer.send(rawOk(refer).replace('200 OK', '603 Decline'), port);
  await second;
  ask('BYE', 30);
  await peer.until('SIP/2.0 200', 'CSeq: 30 BYE');
});

test('a PBX that hangs up after its 202 has taken the call', async (t) => {
  const { peer, port, dialog, ask } = await callFromPeer(t);
  const transferred = dialog.refer('sip:crew@192.0.2.9');
  peer.send(accepted(await peer.until('REFER')), port);
  ask('BYE', 30);
  await transferred;
});

test('what is no address is not sent; REFER from outside is declined, a NOTIFY for nothing gets 481', async (t) => {
  const { peer, ask, dialog } = await callFromPeer(t);
  for (const target of ['', '15550100', 'http://x', 'tel:', 'sip:a@b>\r\nX-Evil: 1', 'tel:5550100 5'])
    await t.rejects(dialog.refer(target), { code: 'SIP_TRANSFER_FAILED', details: { status: 400 } }, target);
  ask('REFER', 2);
  t.ok(await peer.until('SIP/2.0 603', 'CSeq: 2 REFER'));
  ask('NOTIFY', 3);
  t.ok(await peer.until('SIP/2.0 481', 'CSeq: 3 NOTIFY'));
  ask('BYE', 4);
  await peer.until('SIP/2.0 200', 'CSeq: 4 BYE');
});
