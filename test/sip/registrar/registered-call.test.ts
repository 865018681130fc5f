import { join } from 'node:path';
import { type Test, test } from 'tap';
import { answerChallenges, parseDigest } from '../../../src/sip/auth/digest.ts';
import { DialRules } from '../../../src/sip/trunks/dial-rules.ts';
import { openRawPeer, rawHeader, rawOk } from '../raw-peer.ts';
import { answer, offer, startStation } from '../transport/station.ts';

const login = { user: 'crew-1', password: 'apron-red' };
const trunkUsers = [{ allow: ['127.0.0.0/8'], users: [login] }];
/** Rules that allow no number: a registered device is reached all the same. */
const dialRules = new DialRules([{ id: 'crew', allow: ['127.0.0.0/8'], transfer: false, numbers: [] }]);

/** A handset that registers by Digest with one of the algorithms that it is offered. */
async function openHandset(t: Test, port: number, algorithm: 'MD5' | 'SHA-256') {
  const peer = await openRawPeer(t);
  const uri = 'sip:127.0.0.1';
  const register = (sequence: number, more: readonly string[] = []) =>
    peer.send(
      [
        `REGISTER ${uri} SIP/2.0`,
        `Via: SIP/2.0/UDP 127.0.0.1:${peer.port};branch=z9hG4bKr${peer.port}${sequence};rport`,
        'Max-Forwards: 70',
        `From: <sip:crew-1@127.0.0.1>;tag=r${peer.port}`,
        'To: <sip:crew-1@127.0.0.1>',
        `Call-ID: register-${peer.port}`,
        `CSeq: ${sequence} REGISTER`,
        `Contact: <sip:crew-1@127.0.0.1:${peer.port}>;expires=300`,
        ...more,
        'Content-Length: 0',
        '',
        '',
      ].join('\r\n'),
      port,
    );
  register(1);
  const challenges = (await peer.until('SIP/2.0 401'))
    .split('\r\n')
    .filter((line) => line.toLowerCase().startsWith('www-authenticate: '))
    .map((line) => line.slice('www-authenticate: '.length))
    .filter((value) => parseDigest(value)?.get('algorithm') === algorithm);
  const credentials = answerChallenges(challenges, login, { method: 'REGISTER', uri }, 'abc') ?? '';
  register(2, [`Authorization: ${credentials}`]);
  const ok = await peer.until('SIP/2.0 200', 'CSeq: 2 REGISTER');
  return { peer, ok };
}

/** 200 with an SDP to an INVITE's text. */
const takeCall = (invite: string, port: number) =>
  rawOk(invite)
    .replace(rawHeader(invite, 'To'), `${rawHeader(invite, 'To')};tag=t${port}`)
    .replace(
      'Content-Length: 0\r\n\r\n',
      `Contact: <sip:crew-1@127.0.0.1:${port}>\r\nContent-Type: application/sdp\r\nContent-Length: ${answer.length}\r\n\r\n${answer}`,
    );

test('two handsets register under one name, with MD5 and SHA-256; a call to the name rings both and the first to answer has it', async (t) => {
  const gateway = await startStation(t, { trunkUsers, dialRules });
  const port = gateway.port('udp');
  const one = await openHandset(t, port, 'MD5');
  const two = await openHandset(t, port, 'SHA-256');
  t.match(two.ok, new RegExp(`${one.peer.port}>;expires=300`), 'it is told of the other');
  t.equal(gateway.agent.contactsOf('crew-1').length, 2);
  const placed = gateway.agent.placeCall('crew-1', { sdpOffer: offer });
  const [rings, other] = await Promise.all([one.peer.until('INVITE'), two.peer.until('INVITE')]);
  t.match(other.split('\r\n')[0], `INVITE sip:crew-1@127.0.0.1:${two.peer.port} SIP/2.0`);
  two.peer.send(rawOk(other).replace('200 OK', '180 Ringing'), port);
  one.peer.send(takeCall(rings, one.peer.port), port);
  const dialog = await placed;
  t.equal(dialog.remoteSdp, answer);
  two.peer.send(rawOk(await two.peer.until('CANCEL')), port);
  two.peer.send(rawOk(other).replace('200 OK', '487 Request Terminated'), port);
  await one.peer.until('ACK');
  const hungUp = dialog.bye();
  one.peer.send(rawOk(await one.peer.until('BYE')), port);
  await hungUp;
});

test('who refuses is not the end while another rings; when all refuse the call fails', async (t) => {
  const gateway = await startStation(t, { trunkUsers, dialRules });
  const port = gateway.port('udp');
  const handsets = [await openHandset(t, port, 'MD5'), await openHandset(t, port, 'MD5')];
  const placed = gateway.agent.placeCall('crew-1', { sdpOffer: offer });
  for (const { peer } of handsets)
    peer.send(rawOk(await peer.until('INVITE')).replace('200 OK', '486 Busy Here'), port);
  await t.rejects(placed, { code: 'SIP_CALL_FAILED', details: { status: 486 } });
  await t.rejects(gateway.agent.placeCall('crew-2', { sdpOffer: offer }), { code: 'SIP_NOT_REGISTERED' });
});

test('a server that starts again reaches the devices of the one before', async (t) => {
  const registrationsFile = join(t.testdir(), 'registrations.json');
  const before = await startStation(t, { trunkUsers, registrationsFile });
  const { peer } = await openHandset(t, before.port('udp'), 'SHA-256');
  await before.server.close();
  const after = await startStation(t, { trunkUsers, dialRules, registrationsFile });
  const placed = after.agent.placeCall('crew-1', { sdpOffer: offer });
  const invite = await peer.until('INVITE');
  peer.send(takeCall(invite, peer.port), after.port('udp'));
  t.equal((await placed).remoteSdp, answer);
  peer.send(rawOk(await peer.until('ACK')), after.port('udp'));
});

test('where nobody can register, REGISTER is refused as before', async (t) => {
  const gateway = await startStation(t);
  const peer = await openRawPeer(t);
  peer.send(
    [
      'REGISTER sip:127.0.0.1 SIP/2.0',
      `Via: SIP/2.0/UDP 127.0.0.1:${peer.port};branch=z9hG4bKno`,
      'Max-Forwards: 70',
      'From: <sip:a@127.0.0.1>;tag=1',
      'To: <sip:a@127.0.0.1>',
      'Call-ID: no',
      'CSeq: 1 REGISTER',
      'Content-Length: 0',
      '',
      '',
    ].join('\r\n'),
    gateway.port('udp'),
  );
  t.match(await peer.until('SIP/2.0 '), /^SIP\/2\.0 405/);
});
