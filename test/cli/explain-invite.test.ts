import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Test, test } from 'tap';
import { readCapturedInvite } from '../../src/cli/captured-invite.ts';
import { explainInvite } from '../../src/cli/explain-invite.ts';
import { readStoreConfig } from '../../src/config/store.ts';
import { writeTestStore } from '../support/gateway.ts';

const PROGRAM = join(import.meta.dirname, '../../bin/speakerpost.mjs');

const sdp = [
  'v=0',
  'o=- 1 1 IN IP4 192.168.1.20',
  's=-',
  'c=IN IP4 192.168.1.20',
  't=0 0',
  'm=audio 4000 RTP/AVP 9 0 101',
  'a=rtpmap:101 telephone-event/8000',
];

interface Shown {
  readonly uri?: string;
  readonly from?: string;
  readonly more?: readonly string[];
  readonly body?: readonly string[];
}

function invite({
  uri = 'sip:order@192.168.1.10',
  from = 'sip:post@192.168.1.20',
  more = [],
  body = sdp,
}: Shown = {}): string {
  return [
    `INVITE ${uri} SIP/2.0`,
    'Via: SIP/2.0/UDP 192.168.1.20:5062;branch=z9hG4bK1;rport',
    'Max-Forwards: 70',
    `From: <${from}>;tag=1`,
    'To: <sip:order@192.168.1.10>',
    'Call-ID: captured@192.168.1.20',
    'CSeq: 1 INVITE',
    'Contact: <sip:post@192.168.1.20:5062>',
    ...more,
    ...(body.length === 0 ? [] : ['Content-Type: application/sdp']),
    'Content-Length: 999',
    '',
    ...body,
    '',
  ].join('\n');
}

const trunks = [
  {
    id: 'crew',
    allow: ['192.168.1.0/24'],
    match: { fromUser: 'crew' },
    users: [{ user: 'crew', password: 'apron-red' }],
  },
  { id: 'post', allow: ['192.168.1.20'], codecs: ['G722', 'PCMU'], srtp: 'off' },
  { id: 'secure', allow: ['192.168.1.30'], srtp: 'require' },
  { id: 'strict', allow: ['192.168.1.40'], match: { header: { name: 'X-Site', value: 'east' } } },
  { id: 'loopback', allow: ['127.0.0.1', '2001:db8::/32'] },
];

async function store(t: Test) {
  const directory = t.testdir();
  const { configFile } = await writeTestStore(directory, 'http://127.0.0.1:1/', { sip: { trunks } });
  return { directory, configFile, config: readStoreConfig(configFile) };
}

test('an INVITE is explained step by step, as the gateway decides', async (t) => {
  const { config } = await store(t);
  const lanes = ['crew', 'post', 'secure'].map((trunk, index) => {
    const [lane] = config.lanes;
    if (lane === undefined) throw new Error('no lane');
    return { ...lane, id: `lane-${index + 1}`, trunk, user: trunk === 'post' ? 'order' : null };
  });
  const explain = async (shown: Shown = {}, address = '192.168.1.20') => {
    const { bytes } = readCapturedInvite(invite(shown), 'x');
    const steps = await explainInvite(bytes, { address, port: 5062, transport: 'udp' }, { ...config, lanes });
    return steps.map(({ state, what, detail }) => `${state} ${what}: ${detail}`);
  };
  t.same(await explain(), [
    'ok request: well formed, from an address that a trunk allows',
    'ok trunk: post',
    'ok password: not asked for',
    'ok lane: lane-2, user order',
    'ok codec: G722 as 9, 20 ms a packet, sendrecv',
    'ok srtp: none (off)',
    'ok keys: RTP events as 101; the trunk takes rfc4733, info',
    'ok sound: goes to 192.168.1.20:4000 until its first packet says better',
  ]);
  const last = async (...about: Parameters<typeof explain>) => (await explain(...about)).at(-1);
  t.match(await last({}, '203.0.113.7'), 'no request: dropped without an answer: no trunk allows 203.0.113.7');
  t.match(
    await last({ more: ['User-Agent: friendly-scanner'] }),
    /no request: dropped .*friendly-scanner is a scanner/,
  );
  t.match(
    await last({ more: ['Require: precondition'] }),
    'no request: answered 420 Bad Extension (unsupported: precondition)',
  );
  t.match(
    await last({ uri: 'sip:0@192.168.1.10' }),
    /no lane: answered 404: no lane answers "0" on trunk post, which has "order" \(lane-2\)/,
  );
  t.match(
    await last({}, '192.168.1.40'),
    /no lane: answered 403: 192\.168\.1\.40 is allowed by trunk crew, strict, .*match/,
  );
  t.match(await last({}, '192.168.1.30'), /no codec: answered 488: /);
  t.match(
    await last({ body: sdp.map((line) => line.replace('9 0 101', '18')) }),
    /no codec: answered 488: .*no audio format in common/,
  );
  t.match(await last({ body: [] }), 'ok codec: no offer: the 200 offers ours, the ACK has to choose');
  t.match(await last({}, '2001:db8::7'), /no lane: answered 404: .*trunk loopback, which has no lane/);
  const crew = await explain({ from: 'sip:crew@192.168.1.20' });
  t.same(crew.slice(1, 4), [
    'ok trunk: crew',
    'ok password: asked for: one of crew (answered 401 without)',
    'ok lane: lane-1, takes any user',
  ]);
});

test('the source is read from the capture: the line before the message, else what its Via says', async (t) => {
  const source = (text: string) => readCapturedInvite(text, 'x').source;
  t.same(source(`2026/11/25 10:00:00.1 10.1.1.5:5070 -> 10.1.1.2:5060\n${invite()}`), {
    address: '10.1.1.5',
    port: 5070,
  });
  t.same(source(invite()), { address: '192.168.1.20', port: 5062 });
  t.same(source(invite().replace('rport', 'rport=40000;received=198.51.100.4')), {
    address: '198.51.100.4',
    port: 40_000,
  });
  t.equal(source(invite().replace('192.168.1.20:5062', 'post.example')), null);
  const withNext = `${invite()}\nSIP/2.0 100 Trying\nVia: x\n`;
  t.notMatch(readCapturedInvite(withNext, 'x').bytes.toString(), '100 Trying', 'the next message is no part of it');
  t.throws(() => readCapturedInvite('BYE sip:a SIP/2.0\n', 'x'), { code: 'INVITE_NOT_FOUND' });
});

test('the command prints the steps and the remedy; 1 where the call would not be taken', async (t) => {
  const { directory, configFile } = await store(t);
  const file = join(directory, 'invite.txt');
  writeFileSync(file, invite());
  const run = (...args: string[]) =>
    spawnSync(process.execPath, [PROGRAM, 'explain', file, '--config', configFile, ...args], { encoding: 'utf8' });
  const taken = run('--source', '127.0.0.1');
  t.equal(taken.status, 0, taken.stderr);
  t.match(taken.stdout, /^INVITE sip:order@192\.168\.1\.10 from udp\/127\.0\.0\.1:5060\n/);
  t.match(taken.stdout, /ok {2}lane +lane-1, takes any user/);
  const dropped = run('--source', '203.0.113.7:5060');
  t.equal(dropped.status, 1);
  t.match(dropped.stdout, /no {2}request +dropped .*\n +-> Add the address to sip\.trunks/);
});
