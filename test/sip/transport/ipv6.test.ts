import { networkInterfaces } from 'node:os';
import { test } from 'tap';
import { answer, offer, startStation } from './station.ts';

const hasIPv6 = Object.values(networkInterfaces()).some((each) => each?.some((place) => place.address === '::1'));

test('calls over IPv6, by UDP and TCP, beside IPv4', {
  skip: hasIPv6 ? false : 'no IPv6 on this machine',
}, async (t) => {
  const caller = await startStation(t, { bind6: '::1', tcpPort: 0 });
  const callee = await startStation(t, { bind: '::1', tcpPort: 0 });
  const seen: string[] = [];
  callee.agent.onInvite((invite) => {
    seen.push(`${invite.source.transport} ${invite.source.address}`);
    void invite.answer(answer);
  });
  t.match(callee.server.listening, [/^udp\/\[::1\]:\d+$/, /^tcp\/\[::1\]:\d+$/]);
  t.equal(caller.server.listening.length, 4);
  for (const more of ['', ';transport=tcp']) {
    const port = callee.port(more === '' ? 'udp' : 'tcp');
    const dialog = await caller.agent.placeCall(`sip:order@[::1]:${port}${more}`, { sdpOffer: offer });
    await dialog.bye();
  }
  t.same(seen, ['udp ::1', 'tcp ::1']);
  t.equal(callee.counter('dialogs'), 0);
  const other = await startStation(t);
  other.agent.onInvite((invite) => void invite.answer(answer));
  await (await caller.agent.placeCall(`sip:order@127.0.0.1:${other.port('udp')}`, { sdpOffer: offer })).bye();
});
