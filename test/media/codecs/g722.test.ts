import { createHash } from 'node:crypto';
import { test } from 'tap';
import { g722 } from '../../../src/media/codecs/g722.ts';

// Printed by g722-golden.py beside this file, which has FFmpeg code and decode the same signal.
const EXPECTED = {
  codes: 'ff032112f3aa03e1fbd3323097cd72f821e10e940bd9ab97816de9cb58407ba5',
  samples: '83786e8f232dc3ed6764405e00e4e8a1f29edea402e35a5ce3390bf4a955e916',
};
const SAMPLES = 64_000;
const BLOCK = 4_000;
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** Noise of all levels, a square wave at full scale, a ramp, silence: integers, as the script makes them. */
function signal(): Int16Array {
  let state = 1;
  return Int16Array.from({ length: SAMPLES }, (_, index) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const noise = (state >>> 16) - 32_768;
    const block = Math.floor(index / BLOCK) % 8;
    if (block < 5) return noise >> (3 * block);
    if (block === 5) return index % 50 < 25 ? 32_767 : -32_768;
    if (block === 6) return ((index % 37) - 18) * 500 + (noise >> 6);
    return 0;
  });
}

function encodeAll(chunk: number): Uint8Array {
  const codec = g722();
  const samples = Float32Array.from(signal(), (sample) => sample / 32_768);
  const codes = new Uint8Array(SAMPLES / 2);
  let at = 0;
  for (let from = 0; from < SAMPLES; from += chunk) at += codec.encode(samples.subarray(from, from + chunk), codes, at);
  return codes;
}

test('G.722 codes and decodes bit by bit as FFmpeg does', (t) => {
  const codes = encodeAll(320);
  t.equal(sha256(codes), EXPECTED.codes);
  const out = new Float32Array(SAMPLES);
  g722().decode(codes, 0, codes.length, out, 0);
  const bytes = Buffer.alloc(2 * SAMPLES);
  out.forEach((sample, index) => {
    bytes.writeInt16LE(sample * 32_768, 2 * index);
  });
  t.equal(sha256(bytes), EXPECTED.samples);
  t.end();
});

test('G.722: how the stream is cut into packets makes no difference', (t) => {
  t.equal(sha256(encodeAll(160)), EXPECTED.codes);
  t.equal(sha256(encodeAll(960)), EXPECTED.codes);
  t.end();
});

test('G.722: a new stream is decoded as if it were the first', (t) => {
  const codes = encodeAll(320).subarray(0, 800);
  const codec = g722();
  const [first, second] = [new Float32Array(1_600), new Float32Array(1_600)];
  codec.decode(codes, 0, 800, first, 0);
  codec.restart();
  codec.decode(codes, 0, 800, second, 0);
  t.same(second, first);
  t.equal(codec.samplesIn(codes, 0, 160), 320);
  t.end();
});
