import { test } from 'tap';
import type { AudioCodec } from '../../../src/media/codecs/audio-codec.ts';
import { JitterBuffer } from '../../../src/media/jitter/jitter-buffer.ts';

const RATES = { sampleRateHz: 24_000, clockRateHz: 48_000 };
const PACKET = 480;

/** A codec that notes the order of what it is asked: packets by their number, `conceal 480`, `recover 480 from 3`. */
function notingCodec(hasRepair: boolean) {
  const notes: string[] = [];
  const codec: AudioCodec = {
    sampleRateHz: 24_000,
    isStateless: false,
    samplesIn: () => PACKET,
    decode(bytes, _from, _to, out, at) {
      notes.push(String(bytes[0]));
      out.fill((bytes[0] ?? 0) / 256, at, at + PACKET);
    },
    encode: () => 0,
    repair: hasRepair
      ? {
          conceal(out) {
            notes.push(`conceal ${out.length}`);
            out.fill(0.9);
          },
          recover(bytes, _from, _to, out) {
            notes.push(`recover ${out.length} from ${bytes[0]}`);
            out.fill(((bytes[0] ?? 0) - 1) / 256);
          },
        }
      : null,
    restart: () => void notes.push('restart'),
    close() {},
  };
  return { codec, notes };
}

/** Packets in the order of their arrival, 20 ms apart; returns the frames' values, one for each 20 ms. */
function run(arrivals: readonly number[], hasRepair = true) {
  const { codec, notes } = notingCodec(hasRepair);
  const buffer = new JitterBuffer(0, RATES, codec);
  const values: number[] = [];
  const take = (nowMs: number) => {
    for (let frame = buffer.takeFrame(nowMs); frame !== null; frame = buffer.takeFrame(nowMs))
      for (let at = PACKET / 2; at < frame.length; at += PACKET) values.push(Math.round((frame[at] ?? 0) * 256));
  };
  arrivals.forEach((number, index) => {
    const head = { ssrc: 1, sequence: 65_534 + number, timestamp: (2 ** 32 - 1_000 + number * 960) >>> 0 };
    buffer.putCoded({ ...head, sequence: head.sequence & 0xffff }, Uint8Array.of(number), PACKET, 10 + index * 20);
    take(10 + index * 20);
  });
  take(10 + arrivals.length * 20 + 400);
  return { notes, values, stats: buffer.stats };
}

const upTo = (count: number) => Array.from({ length: count }, (_, index) => index + 1);
const decoded = (notes: readonly string[]) => notes.filter((note) => note !== 'restart');

test('packets of a codec with a memory are decoded in their order, whatever that of their arrival', (t) => {
  const { notes, values, stats } = run([1, 2, 4, 3, 5, 6, 8, 7, 9, 10, 11, 12]);
  t.same(decoded(notes).slice(0, 12), upTo(12).map(String));
  t.same(
    values.filter((value) => value > 0 && value < 200).slice(0, 12),
    upTo(12),
    'each is in its place, at a clock of twice the rate',
  );
  t.equal(stats.packetsLate, 0);
  t.end();
});

test('a duplicate is decoded once', (t) => {
  const { notes, stats } = run([1, 2, 2, 3, 4, 5, 5, 6, 7, 8]);
  t.same(decoded(notes).slice(0, 8), upTo(8).map(String));
  t.equal(stats.packetsDuplicate, 2);
  t.end();
});

test('one lost packet is recovered from the next; of two, the first is concealed', (t) => {
  const one = run([1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12]);
  t.same(decoded(one.notes).slice(0, 5), ['1', '2', '3', 'recover 480 from 5', '5']);
  t.ok(one.values.includes(4), 'what was recovered is heard');
  const two = run([1, 2, 5, 6, 7, 8, 9, 10, 11, 12]);
  t.same(decoded(two.notes).slice(0, 5), ['1', '2', 'conceal 480', 'recover 480 from 5', '5']);
  t.ok(two.stats.framesConcealed >= 1);
  t.end();
});

test('the decoder conceals 100 ms in a row at most; the rest is comfort noise', (t) => {
  const { notes } = run(upTo(8));
  const lengths = notes.filter((note) => note.startsWith('conceal')).map((note) => Number(note.split(' ')[1]));
  t.equal(
    lengths.reduce((sum, length) => sum + length, 0),
    2_400,
    lengths.join(),
  );
  t.end();
});

test('a codec without a repair of its own leaves losses to the concealer', (t) => {
  const { notes, stats } = run([1, 2, 3, 5, 6, 7, 8, 9, 10, 11, 12], false);
  t.same(decoded(notes).slice(0, 5), ['1', '2', '3', '5', '6']);
  t.ok(stats.framesConcealed >= 1);
  t.end();
});
