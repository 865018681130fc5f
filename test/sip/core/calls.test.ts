import { test } from 'tap';
import type { Dialog } from '../../../src/sip/core/dialog.ts';
import { FakeNetwork, Station } from './fake-network.ts';

const callee = 'sip:order@192.0.2.2';

function twoStations() {
  const network = new FakeNetwork();
  return { network, post: new Station(network, '192.0.2.1'), gateway: new Station(network, '192.0.2.2') };
}

/** Places a call that is answered at once, and returns the caller's dialog. */
function connect(network: FakeNetwork, post: Station): Dialog {
  let up: Dialog | null = null;
  post.call(callee, (dialog) => {
    up = dialog;
  });
  network.clock.advance(200);
  if (up === null) throw new Error('the call did not come up');
  return up;
}

test('a call from INVITE to BYE leaves no timer, transaction or dialog', async (t) => {
  const { network, post, gateway } = twoStations();
  const dialog = connect(network, post);
  post.within(dialog, 'BYE');
  network.clock.advance(64_000);
  t.same(
    network.trace.map((line) => line.split(' ').slice(0, 3).join(' ')),
    [
      '192.0.2.1 INVITE sip:order@192.0.2.2',
      '192.0.2.2 SIP/2.0 100',
      '192.0.2.2 SIP/2.0 200',
      '192.0.2.1 ACK sip:192.0.2.2:5060',
      '192.0.2.1 BYE sip:192.0.2.2:5060',
      '192.0.2.2 SIP/2.0 200',
    ],
  );
  t.same(gateway.seen, ['INVITE', 'ACK', 'BYE']);
  t.same([...post.held, ...gateway.held], [0, 0, 0, 0, 0, 0, 0, 0]);
  t.equal(network.clock.pendingCount, 0);
});

test('200 of 200 calls complete at 10 % packet loss, and nothing is left', async (t) => {
  const { network, post, gateway } = twoStations();
  network.lose(0.1, 7);
  let up = 0;
  const ends: ReturnType<Station['within']>[] = [];
  const calls = Array.from({ length: 200 }, () =>
    post.call(callee, (dialog) => {
      up++;
      network.clock.after(20_000, () => ends.push(post.within(dialog, 'BYE')));
    }),
  );
  network.clock.advance(200_000);
  t.equal(up, 200);
  t.ok(
    calls.every((call) => call.statuses.filter((status) => status === 200).length === 1),
    'each 200 goes up once',
  );
  t.equal(ends.filter((end) => end.statuses.at(-1) === 200).length, 200);
  t.equal(gateway.seen.filter((what) => what === 'ACK').length, 200);
  t.ok((gateway.counters.snapshot()['retransmissions_out'] ?? 0) > 0);
  t.same([...post.held, ...gateway.held], [0, 0, 0, 0, 0, 0, 0, 0]);
  t.equal(network.clock.pendingCount, 0);
});

test('a lost ACK: the 200 comes again at T1, 2*T1 ... T2, and the ACK with it', async (t) => {
  const { network, post, gateway } = twoStations();
  let acks = 0;
  network.drop = (text) => text.startsWith('ACK') && acks++ < 2;
  connect(network, post);
  t.same(gateway.seen, ['INVITE']);
  network.clock.advance(400);
  t.equal(acks, 2, 'the first repeat was answered by an ACK too');
  network.clock.advance(2_000);
  t.same(gateway.seen, ['INVITE', 'ACK']);
  t.equal(network.trace.filter((line) => line.includes('200 OK')).length, 3);
});

test('without an ACK the dialog ends after 64*T1 with BYE and a Reason (13.3.1.4)', async (t) => {
  const { network, post, gateway } = twoStations();
  let bye = '';
  network.drop = (text) => {
    if (text.startsWith('BYE')) bye = text;
    return text.startsWith('ACK');
  };
  post.call(callee);
  network.clock.advance(31_900);
  t.same(gateway.seen, ['INVITE']);
  network.clock.advance(200);
  t.same(gateway.seen, ['INVITE', 'ended confirmed']);
  t.match(bye, 'Reason: SIP ;cause=200 ;text="ACK timeout"');
  t.same(post.seen, ['BYE']);
  network.clock.advance(64_000);
  t.same([...post.held, ...gateway.held], [0, 0, 0, 0, 0, 0, 0, 0]);
  t.equal(network.clock.pendingCount, 0);
});

test('CANCEL is held until a provisional response, then the INVITE ends with 487', async (t) => {
  const { network, post, gateway } = twoStations();
  gateway.answer = () => null;
  const call = post.call(callee);
  post.core.client.cancel(call.id);
  t.notOk(network.trace.some((line) => line.includes('CANCEL')));
  network.clock.advance(200);
  t.same(call.statuses, [100, 487]);
  t.same(gateway.seen, ['INVITE', 'CANCEL']);
  network.clock.advance(64_000);
  t.same([...post.held, ...gateway.held], [0, 0, 0, 0, 0, 0, 0, 0]);
  t.equal(network.clock.pendingCount, 0);
});

test('CANCEL that crosses the 200 leaves the call up; the caller must hang up', async (t) => {
  const { network, post, gateway } = twoStations();
  const call = post.call(callee);
  network.clock.advance(15);
  t.ok(post.core.client.cancel(call.id));
  network.clock.advance(200);
  t.same(call.statuses, [100, 200]);
  t.notOk(gateway.seen.includes('CANCEL'));
});

test('a callee that never answers a CANCEL costs 64*T1, not for ever', async (t) => {
  const { network, post, gateway } = twoStations();
  gateway.answer = () => null;
  const call = post.call(callee);
  network.clock.advance(100);
  network.drop = () => true;
  post.core.client.cancel(call.id);
  network.clock.advance(33_000);
  t.same(call.statuses, [100, 408]);
});

test('two offers at once are refused: 491 to the peer, 500 while its first waits (14.2)', async (t) => {
  const { network, post, gateway } = twoStations();
  const dialog = connect(network, post);
  const theirs = gateway.core.dialogs.byId(dialog.id);
  if (theirs === undefined) throw new Error('no dialog');
  const first = post.within(dialog, 'INVITE');
  const crossing = gateway.within(theirs, 'INVITE');
  network.clock.advance(100);
  t.equal(first.statuses.at(-1), 491);
  t.equal(crossing.statuses.at(-1), 491);
  gateway.answer = () => null;
  post.within(dialog, 'INVITE');
  network.clock.advance(100);
  const update = post.within(dialog, 'UPDATE');
  network.clock.advance(100);
  t.same(update.statuses, [], 'an UPDATE without an offer may pass (RFC 3311)');
  const second = post.within(dialog, 'INVITE');
  network.clock.advance(100);
  t.equal(second.statuses.at(-1), 500);
  const third = post.within(dialog, 'INVITE');
  network.clock.advance(100);
  t.equal(third.statuses.at(-1), 500, 'the refusal of the second does not end the first');
});

test('a re-INVITE moves the remote target; a request out of order is answered 500', async (t) => {
  const { network, post, gateway } = twoStations();
  const dialog = connect(network, post);
  const again = post.within(dialog, 'INVITE', (same) =>
    post.core.client.ack(same, { method: 'ACK', uri: callee, headers: [], body: new Uint8Array(0) }, () => {}),
  );
  network.clock.advance(100);
  t.equal(again.statuses.at(-1), 200);
  t.same(gateway.seen, ['INVITE', 'ACK', 'INVITE', 'ACK']);
  dialog.state = { ...dialog.state, localSequence: 0 };
  const old = post.within(dialog, 'INFO');
  network.clock.advance(100);
  t.equal(old.statuses.at(-1), 500);
});

test('requests for no dialog and requirements that are not met are refused without the application', async (t) => {
  const { network, post, gateway } = twoStations();
  const dialog = connect(network, post);
  const stranger = { ...dialog.state, remote: '<sip:order@192.0.2.2>;tag=unknown' };
  dialog.state = stranger;
  const lost = post.within(dialog, 'INFO');
  network.clock.advance(100);
  t.equal(lost.statuses.at(-1), 481);
  t.same(gateway.seen, ['INVITE', 'ACK']);
  const required = { id: '', statuses: [] as number[] };
  post.core.client.request(
    { method: 'INVITE', uri: callee, headers: [{ name: 'require', value: 'hologram' }], body: new Uint8Array(0) },
    { owner: post },
    { sent: () => {}, refused: () => {}, failed: () => {}, response: ({ status }) => required.statuses.push(status) },
  );
  network.clock.advance(100);
  t.same(required.statuses, [420]);
});

test('an application that goes leaves no caller waiting and no dialog up', async (t) => {
  const { network, post, gateway } = twoStations();
  connect(network, post);
  gateway.answer = () => null;
  const waiting = post.call(callee);
  network.clock.advance(100);
  gateway.core.releaseOwner(gateway, 'The application is gone');
  network.clock.advance(100);
  t.same(waiting.statuses, [100, 503]);
  t.same(post.seen, ['BYE']);
  network.clock.advance(64_000);
  t.same([...post.held, ...gateway.held], [0, 0, 0, 0, 0, 0, 0, 0]);
});

test('an application that never answers is answered for after 64 s', async (t) => {
  const { network, post, gateway } = twoStations();
  gateway.answer = () => null;
  const call = post.call(callee);
  network.clock.advance(65_000);
  t.same(call.statuses, [100, 504]);
});

test('unknown sources, keep-alives and garbage are counted and get no answer', async (t) => {
  const network = new FakeNetwork();
  const gateway = new Station(network, '192.0.2.2', ['192.0.2.0/25']);
  const scanner = network.socket('203.0.113.9');
  const known = network.socket('192.0.2.9');
  const send = (socket: typeof scanner, text: string) => socket.send(Buffer.from(text), '192.0.2.2', 5060, () => {});
  send(scanner, 'OPTIONS sip:100@192.0.2.2 SIP/2.0\r\n\r\n');
  send(known, '\r\n\r\n');
  send(known, 'GET / HTTP/1.1\r\n\r\n');
  send(
    known,
    'SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.2;branch=z9hG4bKx\r\nFrom: <sip:a@b>\r\nTo: <sip:a@b>\r\nCall-ID: 1\r\nCSeq: 1 BYE\r\n\r\n',
  );
  network.clock.advance(100);
  const { dropped_source, keep_alives, dropped_syntax, dropped_response } = gateway.counters.snapshot();
  t.same([dropped_source, keep_alives, dropped_syntax, dropped_response], [1, 1, 1, 1]);
  t.equal(network.trace.filter((line) => line.startsWith('192.0.2.2')).length, 0);
  send(
    known,
    'OPTIONS sip:a@b SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.1:5060;rport;branch=z9hG4bKy\r\nFrom: <sip:a@b>;tag=1\r\nTo: "<sip:a@b>\r\nCall-ID: 1\r\nCSeq: 1 OPTIONS\r\n\r\n',
  );
  network.clock.advance(100);
  t.match(network.trace.at(-1), '192.0.2.2 SIP/2.0 400 Bad Request');
});

test('a second callee behind a forking proxy is acknowledged and hung up (13.2.2.4)', async (t) => {
  const { network, post } = twoStations();
  let invite = '';
  network.drop = (text) => {
    if (text.startsWith('INVITE')) invite = text;
    return false;
  };
  connect(network, post);
  const fork = network.socket('192.0.2.3');
  const received: string[] = [];
  fork.onMessage((bytes) => received.push(Buffer.from(bytes).toString()));
  const copied = invite
    .split('\r\n')
    .filter((line) => ['Via:', 'From:', 'Call-ID:', 'CSeq:'].includes(line.split(' ')[0] ?? ''));
  const ok = ['SIP/2.0 200 OK', ...copied, 'To: <sip:order@192.0.2.2>;tag=fork', 'Contact: <sip:b@192.0.2.3>', '', ''];
  fork.send(Buffer.from(ok.join('\r\n')), '192.0.2.1', 5060, () => {});
  network.clock.advance(100);
  t.same(
    received.map((text) => text.slice(0, text.indexOf(' SIP/2.0'))),
    ['ACK sip:b@192.0.2.3', 'BYE sip:b@192.0.2.3'],
  );
  t.match(received[1], 'Reason: SIP ;cause=200 ;text="Answered elsewhere"');
  t.equal(post.counters.snapshot()['dialogs'], 1, 'the first call stays up');
});
