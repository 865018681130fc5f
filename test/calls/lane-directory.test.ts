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

const laneOf = (address: string, user: string) => {
  const choice = directory.find(address, user);
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
  const choice = directory.find('127.0.0.1', 'south');
  t.match(choice.kind === 'refused' ? choice.reason : '', /"south" on trunk loopback/);
});
