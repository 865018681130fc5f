import { test } from 'tap';
import type { Dialog } from '../../../src/sip/core/dialog.ts';
import { type Header, headerOf, noBody, type SipResponse } from '../../../src/sip/message/message.ts';
import { FakeNetwork, Station } from './fake-network.ts';

const callee = 'sip:order@192.0.2.2';
const minutes = 60_000;

function twoStations() {
  const network = new FakeNetwork();
  return { network, post: new Station(network, '192.0.2.1'), gateway: new Station(network, '192.0.2.2') };
}

function connect(network: FakeNetwork, post: Station, headers: readonly Header[] = []): [Dialog, SipResponse] {
  let up: [Dialog, SipResponse] | null = null;
  post.core.client.request(
    { method: 'INVITE', uri: callee, headers, body: Buffer.from('v=0\r\n') },
    { owner: post },
    {
      sent: () => {},
      refused: () => {},
      failed: () => {},
      response: (response, dialog) => {
        if (response.status !== 200 || dialog === null) return;
        post.core.client.ack(dialog, { method: 'ACK', uri: callee, headers: [], body: noBody }, () => {});
        up = [dialog, response];
      },
    },
  );
  network.clock.advance(200);
  if (up === null) throw new Error('the call did not come up');
  return up;
}

const sessionExpires = (value: string) => [{ name: 'session-expires', value }];
const count = (network: FakeNetwork, start: string) => network.trace.filter((line) => line.startsWith(start)).length;

test('the caller refreshes by UPDATE half way, for hours; nothing runs on after BYE', async (t) => {
  const { network, post, gateway } = twoStations();
  const [dialog, ok] = connect(network, post);
  t.equal(headerOf(ok, 'session-expires'), '1800;refresher=uac');
  t.equal(headerOf(ok, 'require'), 'timer');
  network.clock.advance(15 * minutes);
  t.equal(count(network, '192.0.2.1 UPDATE'), 1);
  network.clock.advance(120 * minutes);
  t.equal(count(network, '192.0.2.1 UPDATE'), 9);
  t.notOk(gateway.seen.some((each) => each.startsWith('ended')));
  post.within(dialog, 'BYE');
  network.clock.advance(64_000);
  t.same([...post.held, ...gateway.held], [0, 0, 0, 0, 0, 0, 0, 0]);
  t.equal(network.clock.pendingCount, 0);
});

test('the callee refreshes when the caller leaves it to it', async (t) => {
  const { network, post } = twoStations();
  const [, ok] = connect(network, post, sessionExpires('90;refresher=uas'));
  t.equal(headerOf(ok, 'session-expires'), '90;refresher=uas');
  t.equal(headerOf(ok, 'require'), undefined);
  network.clock.advance(46_000);
  t.equal(count(network, '192.0.2.2 UPDATE'), 1);
  network.clock.advance(10 * minutes);
  t.same(post.held[0], 1);
});

test('a peer whose Allow lacks UPDATE is refreshed by a re-INVITE with the same SDP', async (t) => {
  const { network, post, gateway } = twoStations();
  const [dialog] = connect(network, post);
  dialog.peerTakesUpdate = false;
  network.clock.advance(16 * minutes);
  t.equal(count(network, '192.0.2.1 INVITE'), 2);
  t.equal(count(network, '192.0.2.1 ACK'), 2);
  t.equal(Buffer.from(gateway.requests.at(-1)?.message.body ?? noBody).toString(), 'v=0\r\n');
  network.clock.advance(60 * minutes);
  t.equal(post.held[0], 1);
});

test('a dialog whose peer is gone ends with BYE before the session does', async (t) => {
  const { network, post, gateway } = twoStations();
  connect(network, post);
  network.drop = (text) => !text.startsWith('BYE sip:192.0.2.1');
  network.clock.advance(30 * minutes);
  t.same(gateway.seen.at(-1), 'ended confirmed');
  t.same(post.seen.at(-1), 'ended confirmed');
  network.clock.advance(2 * minutes);
  t.same([...post.held, ...gateway.held], [0, 0, 0, 0, 0, 0, 0, 0]);
});

test('an interval under 90 s is answered 422 with Min-SE, and the caller asks again for that much', async (t) => {
  const { network, post, gateway } = twoStations();
  const answers: SipResponse[] = [];
  post.core.client.request(
    { method: 'INVITE', uri: callee, headers: sessionExpires('60'), body: noBody },
    { owner: post },
    { sent: () => {}, refused: () => {}, failed: () => {}, response: (response) => answers.push(response) },
  );
  network.clock.advance(200);
  t.same(
    answers.map((each) => [each.status, headerOf(each, 'session-expires')]),
    [
      [100, undefined],
      [200, '90;refresher=uac'],
    ],
  );
  t.ok(network.trace.some((line) => line.includes('422')));
  t.same(gateway.seen, ['INVITE']);
});
