import t from 'tap';
import { LaneDirectory } from '../../src/calls/lane-directory.ts';

const directory = new LaneDirectory(
  [
    { id: 'loopback', allow: ['127.0.0.0/8', '::1'] },
    { id: 'intercoms', allow: ['192.168.1.20', '192.168.2.0/24'] },
  ],
  [
    { id: 'lane-1', trunk: 'intercoms', user: 'north' },
    { id: 'lane-2', trunk: 'intercoms', user: null },
    { id: 'demo', trunk: 'loopback', user: 'order' },
  ],
);

const call = (
  address: string,
  requestUser: string,
  from = '<sip:post@192.168.1.20>',
  headers: Record<string, string> = {},
) => ({
  address,
  requestUser,
  from,
  header: (name: string) => headers[name],
});

const laneOf = (address: string, user: string) => {
  const choice = directory.find(call(address, user));
  return choice.kind === 'found' ? choice.lane.id : choice.status;
};

t.test('the source picks the trunk, the user part picks the lane', async (t) => {
  t.equal(laneOf('192.168.1.20', 'north'), 'lane-1');
  t.equal(laneOf('192.168.2.77', 'north'), 'lane-1');
  t.equal(laneOf('127.0.0.1', 'order'), 'demo');
  t.equal(laneOf('::1', 'order'), 'demo');
});

t.test('a lane without a user takes any, an empty one included', async (t) => {
  t.equal(laneOf('192.168.1.20', ''), 'lane-2');
  t.equal(laneOf('192.168.1.20', '192.168.1.5'), 'lane-2');
});

t.test('a stranger is forbidden, an unknown user is not found, and the reason says which', async (t) => {
  t.equal(laneOf('192.168.1.21', 'north'), 403);
  t.equal(laneOf('127.0.0.1', 'south'), 404);
  const choice = directory.find(call('127.0.0.1', 'south'));
  t.match(choice.kind === 'refused' ? choice.reason : '', /"south" on trunk loopback/);
});

t.test(
  'trunks that share a network are told apart by the From user and by a header; the first that fits takes the call',
  async (t) => {
    const allow = ['10.0.0.5'];
    const shared = new LaneDirectory(
      [
        { id: 'kitchen', allow, match: { fromUser: 'kitchen', header: null } },
        { id: 'east', allow, match: { fromUser: null, header: { name: 'X-Site', value: 'east' } } },
        { id: 'rest', allow: ['10.0.0.0/8'] },
      ],
      ['kitchen', 'east', 'rest'].map((trunk) => ({ id: `lane-${trunk}`, trunk, user: null })),
    );
    const trunkOf = (...about: Parameters<typeof call>) => {
      const choice = shared.find(call(...about));
      return choice.kind === 'found' ? choice.trunk.id : choice.reason;
    };
    t.equal(trunkOf('10.0.0.5', '', '"K" <sip:kitchen@10.0.0.5>;tag=1'), 'kitchen');
    t.equal(trunkOf('10.0.0.5', '', '<sip:post@10.0.0.5>', { 'x-site': 'east' }), 'east');
    t.equal(trunkOf('10.0.0.5', '', '<sip:post@10.0.0.5>', { 'x-site': 'west' }), 'rest');
    t.equal(trunkOf('10.9.9.9', '', '<sip:kitchen@10.9.9.9>'), 'rest', 'the address comes first');
    const strict = new LaneDirectory([{ id: 'kitchen', allow, match: { fromUser: 'kitchen', header: null } }], []);
    const choice = strict.find(call('10.0.0.5', 'order'));
    t.match(choice, { kind: 'refused', status: 403, reason: /allowed by trunk kitchen, .*match/ });
  },
);
