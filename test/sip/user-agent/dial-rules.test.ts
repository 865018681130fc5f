import { type Test, test } from 'tap';
import type { SipDialog } from '../../../src/sip/contract.ts';
import { DialRules } from '../../../src/sip/trunks/dial-rules.ts';
import { openRawPeer, rawHeader, rawOk, rawRequest } from '../raw-peer.ts';
import { offer, startStation } from '../transport/station.ts';

/** A gateway with a call of a bare peer, whose trunk has these rights. */
async function callOf(t: Test, transfer: boolean, numbers: readonly string[]) {
  const dialRules = new DialRules([{ id: 'pbx', allow: ['127.0.0.0/8'], transfer, numbers }]);
  const gateway = await startStation(t, { dialRules });
  const asked: string[] = [];
  const dialogs = new Promise<SipDialog>((resolve) =>
    gateway.agent.onInvite((invite) => {
      void invite.answer(offer).then((dialog) => {
        dialog.onRefer((target, report) => {
          asked.push(target);
          report(200, 'OK');
          return true;
        });
        resolve(dialog);
      });
    }),
  );
  const peer = await openRawPeer(t);
  const port = gateway.port('udp');
  const invite = { method: 'INVITE', sequence: 1, port: peer.port, contentType: 'application/sdp', body: offer };
  peer.send(rawRequest(invite), port);
  const to = rawHeader(await peer.until('SIP/2.0 200'), 'To');
  peer.send(rawRequest({ method: 'ACK', sequence: 1, port: peer.port, to }), port);
  const refer = async (sequence: number, target: string) => {
    const request = rawRequest({ method: 'REFER', sequence, port: peer.port, to });
    peer.send(request.replace('Max-Forwards: 70', `Max-Forwards: 70\r\nRefer-To: <${target}>`), port);
    return Number((await peer.until('SIP/2.0 ', `CSeq: ${sequence} REFER`)).slice(8, 11));
  };
  return { gateway, peer, port, refer, asked, dialog: await dialogs };
}

test('a caller without the right transfers nobody, whoever would take it', async (t) => {
  const { refer, asked, dialog } = await callOf(t, false, ['+13125550100']);
  t.equal(await refer(2, 'tel:+13125550100'), 603);
  await t.rejects(dialog.refer('tel:+13125550100'), { code: 'SIP_NUMBER_REFUSED' });
  t.same(asked, []);
});

test('with the right, a REFER to a listed number is taken and told of, another is declined', async (t) => {
  const { refer, asked, peer, port, dialog } = await callOf(t, true, ['+13125550100']);
  t.equal(await refer(2, 'sip:+19005550100@203.0.113.9'), 603);
  t.equal(await refer(3, 'tel:+1-900-555-0100'), 603);
  t.equal(await refer(4, 'tel:+13125550100'), 202);
  t.same(asked, ['tel:+13125550100']);
  const last = await peer.until('NOTIFY', 'SIP/2.0 200 OK');
  t.match(rawHeader(last, 'Subscription-State'), 'terminated');
  peer.send(rawOk(last), port);
  await t.rejects(dialog.refer('tel:+19005550100'), { code: 'SIP_NUMBER_REFUSED' });
});

test("calls are placed for a trunk's caller only, and only to its numbers", async (t) => {
  const phone = await startStation(t);
  phone.agent.onInvite((invite) => void invite.answer(offer));
  const target = `sip:crew@127.0.0.1:${phone.port('udp')}`;
  const { gateway } = await callOf(t, true, ['crew']);
  await t.rejects(gateway.agent.placeCall(target, { sdpOffer: offer }), { code: 'SIP_NUMBER_REFUSED' });
  await t.rejects(gateway.agent.placeCall('tel:+1900', { sdpOffer: offer, trunk: 'pbx' }), {
    code: 'SIP_NUMBER_REFUSED',
  });
  const dialog = await gateway.agent.placeCall(target, { sdpOffer: offer, trunk: 'pbx' });
  await dialog.bye();
});
