import { createSocket } from 'node:dgram';
import { test } from 'tap';
import { PortPool } from '../../src/media/port-pool.ts';
import type { BindUdp } from '../../src/media/udp-socket.ts';
import { FakeClock } from '../../src/runtime/fake-clock.ts';

/** Sockets that exist only in this set of ports. */
function fakeBind(taken: Set<number>): BindUdp {
  return async (_address, port) => {
    if (taken.has(port)) throw Object.assign(new Error('in use'), { code: 'EADDRINUSE' });
    taken.add(port);
    return {
      port,
      errors: 0,
      onDatagram: () => {},
      send: () => {},
      connect: () => {},
      disconnect: () => {},
      close: () => void taken.delete(port),
    };
  };
}

function pool(first: number, last: number, taken = new Set<number>()) {
  const clock = new FakeClock();
  return {
    clock,
    taken,
    ports: new PortPool({ first, last, clock, bind: fakeBind(taken), random: (below) => below - 1 }),
  };
}

test('pairs are even and odd, from a random start on, around the range, until none is left', async (t) => {
  const { ports } = pool(16_385, 16_391);
  const pairs = [await ports.take('127.0.0.1'), await ports.take('127.0.0.1'), await ports.take('127.0.0.1')];
  t.same(
    pairs.map((pair) => [pair.rtp.port, pair.rtcp.port]),
    [
      [16_390, 16_391],
      [16_386, 16_387],
      [16_388, 16_389],
    ],
  );
  await t.rejects(ports.take('127.0.0.1'), { code: 'RTP_PORTS_EXHAUSTED' });
});

test('a released pair rests for 60 s, unless it is asked for by number', async (t) => {
  const { ports, clock, taken } = pool(20_000, 20_001);
  const pair = await ports.take('127.0.0.1');
  pair.release();
  pair.release();
  t.equal(taken.size, 0);
  await t.rejects(ports.take('127.0.0.1'), { code: 'RTP_PORTS_EXHAUSTED' });
  const again = await ports.take('127.0.0.1', 20_000);
  again.release();
  clock.advance(60_001);
  t.equal((await ports.take('127.0.0.1')).rtp.port, 20_000);
});

test('a port of another program, or one whose neighbour is taken, is passed over and left as it was', async (t) => {
  const { ports, taken } = pool(20_000, 20_005, new Set([20_005, 20_000]));
  const pair = await ports.take('127.0.0.1');
  t.equal(pair.rtp.port, 20_002);
  t.same([...taken].sort(), [20_000, 20_002, 20_003, 20_005]);
  await t.rejects(ports.take('127.0.0.1'), { code: 'RTP_PORTS_EXHAUSTED' });
});

test('two that take at the same time get different pairs', async (t) => {
  const { ports } = pool(20_000, 20_003);
  const pairs = await Promise.all([ports.take('127.0.0.1'), ports.take('127.0.0.1')]);
  t.not(pairs[0]?.rtp.port, pairs[1]?.rtp.port);
});

test('real sockets: a taken port is passed over, and a wrong address says so', async (t) => {
  const clock = new FakeClock();
  const blocker = createSocket('udp4');
  await new Promise<void>((resolve) => blocker.bind(31_990, '127.0.0.1', resolve));
  t.teardown(() => blocker.close());
  const ports = new PortPool({ first: 31_990, last: 31_993, clock, random: () => 0 });
  const pair = await ports.take('127.0.0.1');
  t.equal(pair.rtp.port, 31_992);
  pair.release();
  await t.rejects(ports.take('192.0.2.1'), { code: 'RTP_PORTS_EXHAUSTED', message: /192\.0\.2\.1/ });
});
