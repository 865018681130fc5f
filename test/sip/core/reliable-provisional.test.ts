import { test } from 'tap';
import { headerOf, noBody, type SipResponse } from '../../../src/sip/message/message.ts';
import { FakeNetwork, Station } from './fake-network.ts';

const callee = 'sip:order@192.0.2.2';

function ring(require: readonly string[], drop: (text: string) => boolean = () => false) {
  const network = new FakeNetwork();
  const post = new Station(network, '192.0.2.1');
  const gateway = new Station(network, '192.0.2.2');
  network.drop = drop;
  gateway.answer = () => null;
  const responses: SipResponse[] = [];
  post.core.client.request(
    { method: 'INVITE', uri: callee, headers: require.map((value) => ({ name: 'require', value })), body: noBody },
    { owner: post },
    {
      sent: () => {},
      refused: () => {},
      failed: () => {},
      response: (response, dialog) => {
        responses.push(response);
        if (response.status === 200 && dialog !== null)
          post.core.client.ack(dialog, { method: 'ACK', uri: callee, headers: [], body: noBody }, () => {});
      },
    },
  );
  network.clock.advance(100);
  const [invite] = gateway.requests;
  return { network, post, gateway, responses, invite };
}

test('Require: 100rel makes 180 and 183 reliable, one after the other, each with its PRACK', async (t) => {
  const { network, post, gateway, responses, invite } = ring(['100rel']);
  if (invite === undefined) throw new Error('no INVITE');
  gateway.core.server.respond(invite, { status: 180, reason: 'Ringing' });
  gateway.core.server.respond(invite, { status: 183, reason: 'Session Progress' });
  network.clock.advance(200);
  t.same(
    responses.map((each) => [each.status, headerOf(each, 'rseq'), headerOf(each, 'require')]),
    [
      [100, undefined, undefined],
      [180, '1', '100rel'],
      [183, '2', '100rel'],
    ],
  );
  t.equal(network.trace.filter((line) => line.startsWith('192.0.2.1 PRACK')).length, 2);
  gateway.core.server.respond(invite, { status: 200, reason: 'OK' });
  network.clock.advance(40_000);
  t.equal(responses.at(-1)?.status, 200);
  t.same([...post.held, ...gateway.held], [1, 0, 0, 0, 1, 0, 0, 0]);
});

test('a reliable 180 comes again until its PRACK arrives, and goes up once', async (t) => {
  let lost = 3;
  const { network, gateway, responses, invite } = ring(['100rel'], (text) => {
    if (!text.startsWith('SIP/2.0 180') && !text.startsWith('PRACK')) return false;
    return lost-- > 0;
  });
  if (invite === undefined) throw new Error('no INVITE');
  gateway.core.server.respond(invite, { status: 180, reason: 'Ringing' });
  network.clock.advance(20_000);
  t.equal(responses.filter((each) => each.status === 180).length, 1);
  const sent = network.trace.filter((line) => line.startsWith('192.0.2.2 SIP/2.0 180')).length;
  network.clock.advance(20_000);
  t.equal(network.trace.filter((line) => line.startsWith('192.0.2.2 SIP/2.0 180')).length, sent, 'then no more');
});

test('without any PRACK the call is refused after 32 s', async (t) => {
  const { network, post, gateway, responses, invite } = ring(['100rel'], (text) => text.startsWith('PRACK'));
  if (invite === undefined) throw new Error('no INVITE');
  gateway.core.server.respond(invite, { status: 180, reason: 'Ringing' });
  network.clock.advance(33_000);
  t.equal(responses.at(-1)?.status, 504);
  network.clock.advance(64_000);
  t.same([...post.held, ...gateway.held], [0, 0, 0, 0, 0, 0, 0, 0]);
});

test('without Require provisional responses stay as they are; an unknown extension gets 420', async (t) => {
  const plain = ring([]);
  if (plain.invite === undefined) throw new Error('no INVITE');
  plain.gateway.core.server.respond(plain.invite, { status: 180, reason: 'Ringing' });
  plain.network.clock.advance(2_000);
  t.equal(headerOf(plain.responses.at(-1) ?? (plain.responses[0] as SipResponse), 'rseq'), undefined);
  t.notOk(plain.network.trace.some((line) => line.includes('PRACK')));
  const { responses } = ring(['timer, 100rel, hologram']);
  t.same(
    responses.map((each) => [each.status, headerOf(each, 'unsupported')]),
    [[420, 'hologram']],
  );
});

const sdp = Buffer.from('v=0\r\ns=-\r\n');

test('an UPDATE that is answered while it rings leaves the dialog early: BYE then ends the INVITE with 487', async (t) => {
  const { network, post, gateway, responses, invite } = ring([]);
  if (invite === undefined) throw new Error('no INVITE');
  gateway.core.server.respond(invite, { status: 180, reason: 'Ringing' });
  network.clock.advance(100);
  gateway.answer = () => ({ status: 200, reason: 'OK' });
  const [dialog] = post.core.dialogs.all();
  if (dialog === undefined) throw new Error('no early dialog');
  t.same(post.within(dialog, 'UPDATE').statuses, []);
  network.clock.advance(100);
  t.equal(gateway.core.dialogs.byId(dialog.id)?.state.phase, 'early');
  const bye = post.within(dialog, 'BYE');
  network.clock.advance(100);
  t.equal(bye.statuses.at(-1), 200);
  t.equal(responses.at(-1)?.status, 487);
});

test('a 200 waits for the PRACK of a 183 with SDP; a CANCEL meanwhile ends the call that the application thinks answered', async (t) => {
  let isLost = true;
  const lost = ring(['100rel'], (text) => isLost && text.startsWith('PRACK'));
  const { network, gateway, responses, invite } = lost;
  if (invite === undefined) throw new Error('no INVITE');
  gateway.core.server.respond(invite, { status: 183, reason: 'Session Progress', body: sdp });
  t.ok(
    gateway.core.server.respond(invite, { status: 200, reason: 'OK', body: sdp }),
    'the application sees it as sent',
  );
  t.equal(gateway.core.server.respond(invite, { status: 486, reason: 'Busy Here' }), null, 'once is enough');
  network.clock.advance(300);
  t.same(
    responses.map(({ status }) => status),
    [100, 183],
  );
  isLost = false;
  network.clock.advance(2_000);
  t.same(
    responses.map(({ status }) => status),
    [100, 183, 200],
  );

  const cancelled = ring(['100rel'], (text) => text.startsWith('PRACK'));
  const [second] = cancelled.gateway.requests;
  if (second === undefined) throw new Error('no INVITE');
  cancelled.gateway.core.server.respond(second, { status: 183, reason: 'Session Progress', body: sdp });
  cancelled.gateway.core.server.respond(second, { status: 200, reason: 'OK', body: sdp });
  cancelled.post.core.releaseOwner(cancelled.post, 'gone');
  cancelled.network.clock.advance(200);
  t.equal(cancelled.responses.at(-1)?.status, 487);
  t.same(cancelled.gateway.seen, ['INVITE', 'ended early']);
  cancelled.network.clock.advance(64_000);
  t.same([...cancelled.post.held, ...cancelled.gateway.held], [0, 0, 0, 0, 0, 0, 0, 0]);
});
