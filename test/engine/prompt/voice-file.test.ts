import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32, deflateRawSync } from 'node:zlib';
import t, { type Test } from 'tap';
import { integratedLoudness } from '../../../src/engine/prompt/loudness.ts';
import { readStoredZip } from '../../../src/engine/prompt/stored-zip.ts';
import { readTensorPickle } from '../../../src/engine/prompt/tensor-pickle.ts';
import { readVoiceFile } from '../../../src/engine/prompt/voice-file.ts';
import { isError } from '../../../src/runtime/errors.ts';
import { formatWav } from '../../../src/runtime/wav.ts';
import { goldenTensor } from './safetensors-fixture.ts';

const wrap = join(import.meta.dirname, '../../fixtures/wrap');
const published = readFileSync(join(wrap, 'voice.pt'));
const entriesOf = (file: Uint8Array) => new Map(readStoredZip(file));
const pickleName = 'voice/data.pkl';

/** A zip of stored entries; `method`, `size` and `count` lie when given. */
function zip(entries: ReadonlyMap<string, Uint8Array>, lie: { method?: number; size?: number; count?: number } = {}) {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const [name, data] of entries) {
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(name.length, 26);
    const entry = Buffer.alloc(46);
    entry.writeUInt32LE(0x02014b50, 0);
    entry.writeUInt16LE(lie.method ?? 0, 10);
    entry.writeUInt32LE(crc32(data), 16);
    entry.writeUInt32LE(lie.method ? data.length : (lie.size ?? data.length), 20);
    entry.writeUInt32LE(lie.size ?? data.length, 24);
    entry.writeUInt16LE(name.length, 28);
    entry.writeUInt32LE(at, 42);
    directory.push(entry, Buffer.from(name));
    parts.push(local, Buffer.from(name), Buffer.from(data));
    at += 30 + name.length + data.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(lie.count ?? entries.size, 10);
  end.writeUInt32LE(at, 16);
  return Buffer.concat([...parts, ...directory, end]);
}

async function refusal(t: Test, bytes: Uint8Array): Promise<string> {
  const file = join(t.testdir({}), 'voice.pt');
  writeFileSync(file, bytes);
  const error: unknown = await readVoiceFile(file).catch((caught) => caught);
  if (!isError(error, 'VOICE_INVALID')) return `not refused: ${error}`;
  return error.message;
}

t.test('a published voice holds the embeddings and the token ring of the golden vectors', async (t) => {
  const voice = await readVoiceFile(join(wrap, 'voice.pt'));
  if (voice.kind !== 'embeddings') throw new Error(voice.kind);
  const golden = join(wrap, 'golden.safetensors');
  t.same(voice.embeddings, goldenTensor(golden, 'pt_embeddings'));
  t.equal(voice.count, 8);
  t.same(voice.cache.flat(), [...goldenTensor(golden, 'pt_cache')]);
  t.same([voice.cache.length, voice.cache[0]?.length], [17, 4]);
});

t.test('the same voice in another zip layout reads the same', async (t) => {
  const file = join(t.testdir({}), 'voice.pt');
  writeFileSync(file, zip(entriesOf(published)));
  t.same(await readVoiceFile(file), await readVoiceFile(join(wrap, 'voice.pt')));
});

t.test('a pickle that would run code is refused, and the code is not run', async (t) => {
  // cos\nsystem\n(S'...'\ntR. and its newer forms: what pickle.loads would execute.
  const hostile = [
    Buffer.from("cos\nsystem\n(S'touch hacked'\ntR."),
    Buffer.from('\x80\x02cos\nsystem\nX\x02\x00\x00\x00id\x85R.', 'latin1'),
    Buffer.from('\x80\x02cbuiltins\neval\nX\x01\x00\x00\x001\x85R.', 'latin1'),
    Buffer.from('\x80\x02ctorch._utils\n_rebuild_tensor_v3\n)R.', 'latin1'),
    Buffer.from('\x80\x02ccollections\nOrderedDict\n)R}b.', 'latin1'), // BUILD
    Buffer.from('\x80\x02ccollections\nOrderedDict\n)\x81.', 'latin1'), // NEWOBJ
    Buffer.from('\x80\x02X\x02\x00\x00\x00osX\x06\x00\x00\x00system\x93.', 'latin1'), // STACK_GLOBAL
    Buffer.from('\x80\x02}X\x01\x00\x00\x00aX\x01\x00\x00\x00bs.', 'latin1'), // a dict of text
    Buffer.from('\x80\x04}.', 'latin1'),
    Buffer.from('\x80\x02(((((', 'latin1'),
    Buffer.from('\x80\x02R.', 'latin1'),
    Buffer.from('\x80\x02}q\x00h\x01.', 'latin1'),
    Buffer.from('\x80\x02}X\xff\xff\xff\xff', 'latin1'),
  ];
  for (const pickle of hostile) {
    t.throws(() => readTensorPickle(pickle), RangeError);
    const entries = entriesOf(published);
    entries.set(pickleName, pickle);
    t.match(await refusal(t, zip(entries)), /cannot be used as a voice/);
  }
});

t.test('every truncation of the zip is refused', async (t) => {
  for (let length = 0; length < published.length; length += 7)
    t.throws(() => readStoredZip(published.subarray(0, length)), RangeError);
  t.match(await refusal(t, published.subarray(0, 1000)), /cut short/);
});

t.test('damage anywhere is refused or changes nothing that is read', async (t) => {
  const whole = await readVoiceFile(join(wrap, 'voice.pt'));
  const file = join(t.testdir({}), 'voice.pt');
  for (let at = 0; at < published.length; at += 5) {
    const damaged = Buffer.from(published);
    damaged.writeUInt8((damaged[at] ?? 0) ^ 0x41, at);
    writeFileSync(file, damaged);
    const read = await readVoiceFile(file).catch((error) => error);
    if (!isError(read, 'VOICE_INVALID') && JSON.stringify(read) !== JSON.stringify(whole))
      t.fail(`byte ${at}: ${read}`);
  }
});

t.test(
  'compressed entries, sizes beyond the file and floods of entries are refused before anything is unpacked',
  async (t) => {
    const bomb = new Map([[pickleName, deflateRawSync(Buffer.alloc(50_000_000))]]);
    t.match(await refusal(t, zip(bomb, { method: 8 })), /compressed/);
    t.match(await refusal(t, zip(entriesOf(published), { size: 0xfffffff0 })), /more data than the file/);
    t.match(await refusal(t, zip(entriesOf(published), { count: 65_535 })), /65535 entries/);
    const doubled = zip(
      new Map([
        ['a/data.pkl', Buffer.from('x')],
        ['b/data.pkl', Buffer.from('x')],
      ]),
    );
    const text = doubled.toString('latin1').replaceAll('b/data.pkl', 'a/data.pkl');
    t.match(await refusal(t, Buffer.from(text, 'latin1')), /twice/);
  },
);

t.test('wrong types, shapes and sizes are refused by name', async (t) => {
  const pickle = Buffer.from(entriesOf(published).get(pickleName) ?? []).toString('latin1');
  const broken: [RegExp, string][] = [
    [/wants?|bytes, not/, pickle.replace('BFloat16Storage', 'FloatStorage')],
    [/embeddings are \[.*float/, pickle.replace('BFloat16Storage', 'LongStorage').replace('M\x80\x01', 'K\x60')],
    [/DoubleStorage, which no voice needs/, pickle.replace('LongStorage', 'DoubleStorage')],
    [/reaches outside/, pickle.replace('K\x08K\x01K\x01K\x30', 'K\x09K\x01K\x01K\x30')],
    [/reaches outside/, pickle.replace('K\x30K\x30K\x30K\x01', 'K\xffK\x30K\x30K\x01')],
    [/no "embeddings"/, pickle.replace('embeddings', 'embeddingz')],
    [/cache is \[/, pickle.replace('K\x01K\x11K\x04', 'K\x11K\x01K\x04')],
  ];
  for (const [reason, changed] of broken) {
    t.not(changed, pickle, `${reason} changes the pickle`);
    const entries = entriesOf(published);
    entries.set(pickleName, Buffer.from(changed, 'latin1'));
    t.match(await refusal(t, zip(entries)), reason);
  }
  const bigEndian = entriesOf(published);
  bigEndian.set('voice/byteorder', Buffer.from('big'));
  t.match(await refusal(t, zip(bigEndian)), /little-endian/);
});

t.test('a .wav of another rate becomes 24 kHz at -24 LUFS', async (t) => {
  const file = join(t.testdir({}), 'voice.wav');
  const tone = Float32Array.from({ length: 16_000 }, (_, i) => 0.05 * Math.sin((2 * Math.PI * 500 * i) / 16_000));
  writeFileSync(file, formatWav(16_000, [tone]));
  const voice = await readVoiceFile(file);
  if (voice.kind !== 'samples') throw new Error(voice.kind);
  t.equal(voice.samples.length, 24_000);
  t.ok(Math.abs(integratedLoudness(voice.samples, 24_000) + 24) < 0.01);
});

t.test('a silent .wav and a missing file are refused', async (t) => {
  const file = join(t.testdir({}), 'voice.wav');
  t.ok(isError(await readVoiceFile(file).catch((error) => error), 'VOICE_INVALID'));
  writeFileSync(file, formatWav(24_000, [new Float32Array(24_000)]));
  const error: unknown = await readVoiceFile(file).catch((caught) => caught);
  t.ok(isError(error, 'VOICE_INVALID') && /silent/.test(error.message));
});
