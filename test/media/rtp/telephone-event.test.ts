import { test } from 'tap';
import { EventReceiver, isDigit, writeEvent } from '../../../src/media/rtp/telephone-event.ts';

function payload(digit: string, end: boolean, duration: number): Uint8Array {
  const bytes = new Uint8Array(4);
  writeEvent(bytes, 0, digit, end, duration);
  return bytes;
}

test('the packet has the layout of RFC 4733 section 2.3', (t) => {
  t.same([...payload('#', true, 800)], [11, 0x80 | 10, 3, 0x20]);
  t.same([...payload('D', false, 160)], [15, 10, 0, 160]);
  t.same(['0', '9', '*', '#', 'A', 'D', 'E', '', '12'].map(isDigit), [
    true,
    true,
    true,
    true,
    true,
    true,
    false,
    false,
    false,
  ]);
  t.end();
});

test('an event is told once, whichever of its packets are lost', (t) => {
  const packetsOfOne: [end: boolean, duration: number][] = [
    [false, 160],
    [false, 320],
    [false, 480],
    [true, 480],
    [true, 480],
    [true, 480],
  ];
  for (let lost = 0; lost < 2 ** packetsOfOne.length - 1; lost++) {
    const receiver = new EventReceiver();
    const told: string[] = [];
    packetsOfOne.forEach(([end, duration], index) => {
      if ((lost >> index) & 1) return;
      const digit = receiver.receive(payload('7', end, duration), 0, 4, 5_000, index * 20);
      if (digit !== null) told.push(digit);
    });
    if (told.join() !== '7') t.fail(`lost ${lost.toString(2)}: ${told.join()}`);
  }
  t.pass('all 63 cases');
  t.end();
});

test('the same digit twice is two events; a packet of the first that comes late is none', (t) => {
  const receiver = new EventReceiver();
  const receive = (timestamp: number) => receiver.receive(payload('5', true, 800), 0, 4, timestamp, 0);
  t.same([4_294_967_000, 4_294_967_000, 500, 4_294_967_000, 500].map(receive), ['5', null, '5', null, null]);
  t.end();
});

test('sound is muted from an event until its end packet, or for 100 ms when that is lost', (t) => {
  const receiver = new EventReceiver();
  receiver.receive(payload('5', false, 160), 0, 4, 1, 1_000);
  t.equal(receiver.isActive(1_099), true);
  t.equal(receiver.isActive(1_101), false);
  receiver.receive(payload('5', true, 320), 0, 4, 1, 1_102);
  t.equal(receiver.isActive(1_103), false);
  t.end();
});

test('short payloads and events that are no digits are passed over', (t) => {
  const receiver = new EventReceiver();
  t.equal(receiver.receive(Uint8Array.of(1, 2, 3), 0, 3, 1, 0), null);
  t.equal(receiver.receive(Uint8Array.of(36, 0, 0, 9), 0, 4, 2, 0), null);
  t.equal(receiver.isActive(0), false);
  t.end();
});
