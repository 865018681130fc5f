import { test } from 'tap';
import { FakeClock } from '../../../src/runtime/fake-clock.ts';
import { silentLog } from '../../../src/runtime/log.ts';
import { Authenticator } from '../../../src/sip/auth/authenticator.ts';
import { answerChallenges, digestResponse, parseDigest, splitChallenges } from '../../../src/sip/auth/digest.ts';
import { NonceMint } from '../../../src/sip/auth/nonce.ts';
import { Counters } from '../../../src/sip/counters.ts';
import { noBody, type SipRequest } from '../../../src/sip/message/message.ts';

test("responses are those of RFC 2617's and RFC 7616's examples", async (t) => {
  const mufasa = { user: 'Mufasa', method: 'GET', uri: '/dir/index.html' } as const;
  t.equal(
    digestResponse({
      ...mufasa,
      algorithm: 'MD5',
      realm: 'testrealm@host.com',
      password: 'Circle Of Life',
      nonce: 'dcd98b7102dd2f0e8b11d0f600bfb0c093',
      qop: { nc: '00000001', cnonce: '0a4f113b' },
    }),
    '6629fae49393a05397450978507c4ef1',
  );
  const rfc7616 = {
    ...mufasa,
    realm: 'http-auth@example.org',
    password: 'Circle of Life',
    nonce: '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v',
    qop: { nc: '00000001', cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ' },
  } as const;
  t.equal(digestResponse({ ...rfc7616, algorithm: 'MD5' }), '8ca523f5e9506fed4657c9700eebdbec');
  t.equal(
    digestResponse({ ...rfc7616, algorithm: 'SHA-256' }),
    '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1',
  );
});

test('a nonce is good for five minutes, its counts must grow, and a forged one is none', async (t) => {
  let ids = 0;
  const mint = new NonceMint(Buffer.from('secret'), () => String(ids++));
  const nonce = mint.make(1_000);
  t.equal(mint.check(nonce, 301_000), 'good');
  t.equal(mint.check(nonce, 301_001), 'stale');
  t.equal(mint.check(`1${nonce}`, 1_000), 'bad');
  t.equal(mint.check('', 1_000), 'bad');
  t.same(
    [1, 1, 3, 2].map((count) => mint.use(nonce, count)),
    [true, false, true, false],
  );
});

const trunks = [
  { allow: ['192.0.2.0/24'], users: [{ user: 'post', password: 'burger-barn' }] },
  { allow: ['0.0.0.0/0'], users: [] },
];
const uri = 'sip:order@192.0.2.9';

function desk() {
  const clock = new FakeClock();
  const authenticator = new Authenticator(trunks, { clock, counters: new Counters(), log: silentLog });
  const ask = (authorization: string | null, source = '192.0.2.1', method = 'INVITE') => {
    const headers = authorization === null ? [] : [{ name: 'authorization', value: authorization }];
    const request: SipRequest = { kind: 'request', method, uri, headers, body: noBody };
    return authenticator.check(request, { protocol: 'udp', address: source, port: 5060 });
  };
  const challenges = () => (ask(null)?.headers ?? []).map(({ value }) => value);
  return { clock, ask, challenges };
}

test('who shows a user and password of its trunk may pass, once for each nonce and count', async (t) => {
  const { ask, challenges } = desk();
  const login = { user: 'post', password: 'burger-barn' };
  for (const algorithm of ['MD5', 'SHA-256']) {
    const offered = challenges().filter((value) => parseDigest(value)?.get('algorithm') === algorithm);
    const shown = answerChallenges(offered, login, { method: 'INVITE', uri }, 'abc') ?? '';
    t.match(shown, `algorithm=${algorithm}`);
    t.equal(ask(shown), null);
    const again = ask(shown);
    t.match(again?.headers?.[0]?.value, 'stale=true', 'the same credentials again');
    const other = answerChallenges(challenges(), login, { method: 'REGISTER', uri }, 'abc');
    t.equal(ask(other)?.status, 401, 'credentials of another method');
  }
  t.equal(ask(null, '198.51.100.1'), null, 'a trunk without users');
  t.equal(ask(null, '192.0.2.1', 'OPTIONS'), null, 'OPTIONS is free');
});

test('of trunks that share a network, the one that the request shows asks for its own password', async (t) => {
  const shared = [
    {
      allow: ['192.0.2.0/24'],
      match: { fromUser: 'crew', header: null },
      users: [{ user: 'crew', password: 'apron-red' }],
    },
    { allow: ['192.0.2.0/24'], users: [] },
  ];
  const authenticator = new Authenticator(shared, { clock: new FakeClock(), counters: new Counters(), log: silentLog });
  const check = (from: string) =>
    authenticator.check(
      { kind: 'request', method: 'INVITE', uri, headers: [{ name: 'from', value: from }], body: noBody },
      { protocol: 'udp', address: '192.0.2.1', port: 5060 },
    );
  t.equal(check('<sip:crew@192.0.2.1>;tag=1')?.status, 401);
  t.equal(check('<sip:post@192.0.2.1>;tag=1'), null);
});

test('old nonces are stale; ten wrong passwords bar the source for a minute', async (t) => {
  const { clock, ask, challenges } = desk();
  const login = { user: 'post', password: 'burger-barn' };
  const late = answerChallenges(challenges(), login, { method: 'INVITE', uri }, 'abc');
  clock.advance(301_000);
  t.match(ask(late)?.headers?.[0]?.value, 'stale=true');
  for (let i = 0; i < 10; i++) {
    const user = i % 2 === 0 ? 'post' : 'nobody';
    t.equal(
      ask(answerChallenges(challenges(), { user, password: '' }, { method: 'INVITE', uri }, `c${i}`))?.status,
      401,
    );
  }
  t.equal(ask(null)?.status, 403);
  t.equal(ask(null, '192.0.2.2')?.status, 401, 'another source is not');
  clock.advance(60_001);
  t.equal(ask(answerChallenges(challenges(), login, { method: 'INVITE', uri }, 'abc')), null);
});

test('challenges in one value are told apart; what cannot be answered is not', async (t) => {
  const both =
    'Digest realm="a, b", nonce="1", qop="auth,auth-int", Digest realm="a, b", nonce="2", algorithm=SHA-256, qop="auth"';
  const challenges = splitChallenges(both);
  t.same(
    challenges.map((each) => parseDigest(each)?.get('nonce')),
    ['1', '2'],
  );
  const login = { user: 'a"b', password: 'x' };
  t.match(
    answerChallenges(challenges, login, { method: 'INVITE', uri }, 'c'),
    'username="a\\"b", realm="a, b", nonce="2"',
  );
  for (const no of [
    'Basic realm="x"',
    'Digest realm="x", nonce="1", algorithm=MD5-sess',
    'Digest nonce="1", qop="auth-int"',
  ])
    t.equal(answerChallenges([no], login, { method: 'INVITE', uri }, 'c'), null, no);
});
