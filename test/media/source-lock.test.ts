import { test } from 'tap';
import { SourceLock } from '../../src/media/source-lock.ts';

const SDP = { address: '192.0.2.1', port: 4_000 };
const NAT = { address: '198.51.100.7', port: 61_234 };
const STRANGER = { address: '203.0.113.5', port: 5_000 };

function answered(): SourceLock {
  const lock = new SourceLock();
  lock.expect(SDP, 0);
  lock.openWindow(0);
  return lock;
}

/** Sends packets from `first` on; returns what was said of each. */
function offer(lock: SourceLock, from: typeof SDP, sequences: readonly number[], atMs: number, ssrc = 1): boolean[] {
  return sequences.map((sequence) => lock.accepts(from, ssrc, sequence, atMs));
}

test('the address of the SDP is taken at once, at any time', (t) => {
  t.same(offer(answered(), SDP, [7], 60_000), [true]);
  t.end();
});

test('another source is taken at its fourth packet in order, within 5 s of the answer', (t) => {
  const lock = answered();
  t.same(offer(lock, NAT, [65_534, 65_535, 1, 2, 3], 1_000), [false, false, false, true, true]);
  t.same(lock.source, NAT);
  t.same(offer(answered(), NAT, [1, 2, 3, 4, 5], 5_001), [false, false, false, false, false]);
  t.end();
});

test('packets out of order, of two SSRCs or from two sources do not add up to four', (t) => {
  t.notOk(offer(answered(), NAT, [1, 9, 2, 10, 3, 11], 0).includes(true));
  const lock = answered();
  for (let sequence = 0; sequence < 9; sequence++) {
    t.equal(lock.accepts(NAT, sequence % 2, sequence, 0), false);
    t.equal(lock.accepts(STRANGER, 5, sequence, 0), false);
  }
  t.end();
});

test('once locked, nobody else is heard, even with four packets; the address of the SDP wins over a learned one', (t) => {
  const lock = answered();
  offer(lock, NAT, [1, 2, 3, 4], 0);
  t.notOk(offer(lock, STRANGER, [1, 2, 3, 4, 5], 100).includes(true));
  t.same(offer(lock, SDP, [50], 200), [true]);
  t.same(lock.source, SDP);
  t.notOk(offer(lock, NAT, [5, 6, 7, 8, 9], 300).includes(true));
  t.end();
});

test('the stream may move after 2 s of silence, by its SSRC and four packets', (t) => {
  const lock = answered();
  offer(lock, SDP, [1], 10_000);
  t.notOk(offer(lock, NAT, [2, 3, 4, 5], 11_999).includes(true), 'too early');
  t.notOk(offer(lock, STRANGER, [2, 3, 4, 5], 12_500, 77).includes(true), 'another SSRC');
  t.same(offer(lock, NAT, [2, 3, 4, 5], 12_500), [false, false, false, true]);
  t.end();
});

test('a re-INVITE unlocks when it names another address', (t) => {
  const lock = answered();
  offer(lock, SDP, [1], 0);
  lock.expect(SDP, 20_000);
  t.same(lock.source, SDP, 'the same address again changes nothing');
  lock.expect(STRANGER, 20_000);
  t.equal(lock.source, null);
  t.same(offer(lock, STRANGER, [1], 20_001), [true]);
  t.end();
});

test('the kernel may drop others when nobody else can be right any more', (t) => {
  const lock = answered();
  t.equal(lock.isSettled(0), false);
  offer(lock, NAT, [1, 2, 3, 4], 0);
  t.equal(lock.isSettled(1_000), false, 'the address of the SDP may still come');
  offer(lock, NAT, [5], 5_500);
  t.equal(lock.isSettled(5_501), true);
  t.equal(lock.isSettled(7_600), false, 'after 2 s of silence the route may have changed');
  const direct = answered();
  offer(direct, SDP, [1], 0);
  t.equal(direct.isSettled(1), true);
  t.end();
});
