import { test } from 'tap';
import { l16 } from '../../../src/media/codecs/l16.ts';

test('L16: every 16-bit value goes over in network order and comes back', (t) => {
  const codec = l16(16_000);
  const values = Int16Array.from({ length: 65_536 }, (_, index) => index - 32_768);
  const bytes = Buffer.alloc(131_072);
  t.equal(
    codec.encode(
      Float32Array.from(values, (value) => value / 32_768),
      bytes,
      0,
    ),
    131_072,
  );
  t.equal(bytes.readInt16BE(0), -32_768);
  t.equal(bytes.readInt16BE(2 * 40_000), 40_000 - 32_768);
  const back = new Float32Array(65_536);
  codec.decode(bytes, 0, bytes.length, back, 0);
  t.same(
    Int16Array.from(back, (sample) => sample * 32_768),
    values,
  );
  t.end();
});

test('L16: what is too loud is clamped, an odd byte is left out', (t) => {
  const codec = l16(8_000);
  const bytes = Buffer.alloc(6);
  codec.encode(Float32Array.from([1.5, -1.5, Number.NaN]), bytes, 0);
  t.same([bytes.readInt16BE(0), bytes.readInt16BE(2)], [32_767, -32_768]);
  t.equal(codec.samplesIn(bytes, 0, 5), 2);
  const out = new Float32Array(2);
  codec.decode(bytes, 0, 5, out, 0);
  t.same([...out], [32_767 / 32_768, -1]);
  t.end();
});
