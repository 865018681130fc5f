import { createHash } from 'node:crypto';
import { test } from 'tap';
import {
  decodeAlawCode,
  decodeMulawCode,
  encodeAlawSample,
  encodeMulawSample,
  g711,
} from '../../../src/media/codecs/g711.ts';

// Printed by g711-decision-values.py beside this file, which builds them from the Recommendation's decision values.
const EXPECTED = {
  PCMU: {
    codes: '90c29de505fb68e766118303bd552a16005dcf810873698bee1d8f3b247ce28c',
    values: '3dab54339e520bb2c924826e3b72a917a2b612e9fd12fc867500f1d983a75827',
  },
  PCMA: {
    codes: '38488f6fd710f4686360edc4d38639f96c491595ef93f8eb8d62d5e07ca6ce7b',
    values: 'e04788d110e58ff8c70c93b8480190d973e3b67876b6119abbaec766cc75c174',
  },
};

const LAWS = [
  { name: 'PCMU', encode: encodeMulawSample, decode: decodeMulawCode },
  { name: 'PCMA', encode: encodeAlawSample, decode: decodeAlawCode },
] as const;

const EVERY_SAMPLE = Array.from({ length: 65_536 }, (_, index) => index - 32_768);
const EVERY_CODE = Array.from({ length: 256 }, (_, code) => code);
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

for (const { name, encode, decode } of LAWS) {
  test(`${name}: all 65,536 samples and 256 codes are those of the Recommendation`, (t) => {
    t.equal(sha256(Uint8Array.from(EVERY_SAMPLE, encode)), EXPECTED[name].codes);
    const values = Buffer.alloc(512);
    for (const code of EVERY_CODE) values.writeInt16LE(decode(code), 2 * code);
    t.equal(sha256(values), EXPECTED[name].values);
    t.end();
  });

  test(`${name}: a decoded code is coded as itself, so that tandem coding does no further harm`, (t) => {
    // Mu-law has two zeros: the negative one (0x7f) decodes to 0, which is coded as the positive one.
    const odd = EVERY_CODE.filter((code) => encode(decode(code)) !== code);
    t.same(odd, name === 'PCMU' ? [0x7f] : []);
    t.end();
  });

  test(`${name}: louder samples never get quieter codes, and the error is at most half a step`, (t) => {
    let last = Number.NEGATIVE_INFINITY;
    for (const sample of EVERY_SAMPLE) {
      const value = decode(encode(sample));
      if (value < last) t.fail(`${sample} decodes below its neighbour`);
      // A step is at most 1/16 of the magnitude above the linear part; the overload point clips the rest.
      const allowed = Math.max(name === 'PCMU' ? 8 : 16, Math.abs(sample) / 31);
      if (Math.abs(value - sample) > allowed + 8) t.fail(`${sample} decodes to ${value}`);
      last = value;
    }
    t.equal(decode(encode(0)), name === 'PCMU' ? 0 : 8);
    t.end();
  });

  test(`${name}: streams of floats go through the same tables, clamped`, (t) => {
    const codec = g711(name);
    const samples = Float32Array.from(EVERY_SAMPLE, (sample) => sample / 32_768);
    const codes = new Uint8Array(samples.length + 2);
    codec.encode(samples, codes, 2);
    t.same(codes.subarray(2), Uint8Array.from(EVERY_SAMPLE, encode));
    const decoded = new Float32Array(300);
    codec.decode(codes, 2, 258, decoded, 40);
    t.same(
      decoded.subarray(40, 296),
      Float32Array.from(codes.subarray(2, 258), (code) => decode(code) / 32_768),
    );
    const extremes = new Uint8Array(4);
    codec.encode(Float32Array.of(1, 7, -1.5, Number.NEGATIVE_INFINITY), extremes, 0);
    t.same([...extremes.subarray(0, 3)], [encode(32_767), encode(32_767), encode(-32_768)]);
    t.end();
  });
}
