import { test } from 'tap';
import { FakeNetwork, Station } from './fake-network.ts';

const methods = ['INVITE', 'ACK', 'BYE', 'CANCEL', 'OPTIONS', 'INFO', 'UPDATE', 'REGISTER', 'FROBNICATE'];
const fragments = [
  ';tag=1',
  ';tag=',
  '<',
  '>',
  '"',
  ';rport',
  ';maddr=192.0.2.77',
  ':0',
  ':99999',
  '[::1]',
  '@',
  ',',
  'tel:',
  '\r\n',
  '\r\n ',
  '\0',
  'Require: 100rel\r\n',
  '☎',
];

test('5,000 mutated messages in and between calls throw nothing and leave nothing behind', async (t) => {
  const network = new FakeNetwork();
  const gateway = new Station(network, '192.0.2.2');
  const post = new Station(network, '192.0.2.1');
  const stranger = network.socket('192.0.2.9');
  let state = 4475;
  const random = (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  gateway.answer = () =>
    [{ status: 200, reason: 'OK' }, { status: 180, reason: 'Ringing' }, { status: 486, reason: 'Busy Here' }, null][
      random(4)
    ] ?? null;
  for (let i = 0; i < 5_000; i++) {
    const method = methods[random(methods.length)] ?? 'OPTIONS';
    const call = random(40);
    const lines = [
      `${method} sip:order@192.0.2.2 SIP/2.0`,
      `Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bK${random(200)}`,
      'Max-Forwards: 70',
      `From: <sip:post@192.0.2.9>;tag=f${call}`,
      `To: <sip:order@192.0.2.2>${random(2) === 0 ? '' : `;tag=192022n${random(400)}`}`,
      `Call-ID: c${call}`,
      `CSeq: ${1 + random(5)} ${method}`,
      'Contact: <sip:post@192.0.2.9>',
    ];
    let text = `${lines.join('\r\n')}\r\n\r\n`;
    for (let change = random(3); change > 0; change--) {
      const at = random(text.length);
      text = text.slice(0, at) + fragments[random(fragments.length)] + text.slice(at + random(4));
    }
    stranger.send(Buffer.from(text), '192.0.2.2', 5060, () => {});
    if (random(10) === 0) network.clock.advance(random(3_000));
  }
  network.clock.advance(200_000);
  const { dropped_syntax = 0, responses_out_2xx = 0, responses_out_4xx = 0 } = gateway.counters.snapshot();
  t.ok(dropped_syntax > 100 && responses_out_2xx > 100 && responses_out_4xx > 100, 'the messages reach every layer');
  t.same(gateway.held, [0, 0, 0, 0], 'dialogs without an ACK have ended too');
  t.equal(network.clock.pendingCount, 0);
  gateway.answer = () => ({ status: 200, reason: 'OK' });
  const call = post.call('sip:order@192.0.2.2');
  network.clock.advance(100);
  t.same(call.statuses, [100, 200], 'and the next call is served');
});
