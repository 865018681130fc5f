import { realpathSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { test } from 'tap';
import { SafetensorsFile } from '../../../src/engine/checkpoint/safetensors.ts';
import { SpeakerpostError } from '../../../src/runtime/errors.ts';

const f32 = (shape: readonly number[], start: number, end: number, dtype = 'F32') => ({
  dtype,
  shape,
  data_offsets: [start, end],
});

function fileOf(header: unknown, dataBytes: number, claimed?: bigint): Buffer {
  const json = Buffer.from(typeof header === 'string' ? header : JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(claimed ?? BigInt(json.byteLength));
  return Buffer.concat([length, json, Buffer.alloc(dataBytes, 1)]);
}

test('a well-formed file gives its tensors and their places', (t) => {
  const file = join(t.testdir(), 'good.safetensors');
  const header = { __metadata__: { format: 'pt' }, b: f32([2], 24, 32), a: f32([2, 3], 0, 24) };
  writeFileSync(file, fileOf(header, 32));
  const opened = new SafetensorsFile(file);
  t.same([...opened.names].sort(), ['a', 'b']);
  const dataStart = 8 + JSON.stringify(header).length;
  t.match(opened.weight('b', [2]), {
    path: relative('/', realpathSync(file)),
    type: 'float32',
    offset: dataStart + 24,
    byteLength: 8,
  });
  t.equal(opened.readFloats('a').length, 6);
  t.equal(opened.parameters, 8);
  t.end();
});

const broken: Readonly<Record<string, { readonly bytes: Buffer; readonly says: RegExp }>> = {
  'an empty file': { bytes: Buffer.alloc(0), says: /0 bytes/ },
  'a length beyond the file': { bytes: fileOf('{}', 0, 5000n), says: /claims 5000 bytes/ },
  'an absurd length': { bytes: fileOf('{}', 0, 2n ** 63n), says: /claims/ },
  'a header that is not JSON': { bytes: fileOf('{"a":', 0), says: /not JSON/ },
  'a header that is not UTF-8': {
    bytes: Buffer.concat([fileOf('', 0, 2n), Buffer.from([0xff, 0xfe])]),
    says: /not JSON/,
  },
  'a header that is a list': { bytes: fileOf('[]', 0), says: /not an object/ },
  'an unknown type': { bytes: fileOf({ a: f32([1], 0, 4, 'F31') }, 4), says: /tensor a: dtype/ },
  'a negative offset': { bytes: fileOf({ a: f32([1], -4, 0) }, 4), says: /tensor a: data_offsets/ },
  'a fractional shape': { bytes: fileOf({ a: f32([0.5], 0, 2) }, 2), says: /tensor a: shape/ },
  'a range that does not fit the shape': {
    bytes: fileOf({ a: f32([2], 0, 4) }, 4),
    says: /needs 8 bytes, its range has 4/,
  },
  'truncated data': { bytes: fileOf({ a: f32([2], 0, 8) }, 7), says: /truncated: tensor a/ },
  'overlapping tensors': { bytes: fileOf({ a: f32([2], 0, 8), b: f32([2], 4, 12) }, 12), says: /tensor b overlaps/ },
  'a gap between tensors': {
    bytes: fileOf({ a: f32([1], 0, 4), b: f32([1], 8, 12) }, 12),
    says: /4 bytes before tensor b/,
  },
  'bytes after the last tensor': { bytes: fileOf({ a: f32([1], 0, 4) }, 6), says: /2 bytes at its end/ },
};

for (const [what, { bytes, says }] of Object.entries(broken)) {
  test(`${what} is refused with the file's name`, (t) => {
    const file = join(t.testdir(), 'broken.safetensors');
    writeFileSync(file, bytes);
    t.throws(() => new SafetensorsFile(file), { code: 'MODEL_FILE_INVALID', message: says });
    t.throws(() => new SafetensorsFile(file), { message: new RegExp(file) });
    t.end();
  });
}

test('a missing file, tensor, type and shape are each named', (t) => {
  const file = join(t.testdir(), 'some.safetensors');
  t.throws(() => new SafetensorsFile(file), { code: 'MODEL_FILE_MISSING' });
  writeFileSync(file, fileOf({ a: f32([2], 0, 8), n: f32([1], 8, 16, 'I64') }, 16));
  const opened = new SafetensorsFile(file);
  t.throws(() => opened.weight('c', [2]), { code: 'MODEL_TENSOR_MISSING', message: /no tensor c/ });
  t.throws(() => opened.weight('a', [3]), { code: 'MODEL_TENSOR_SHAPE', message: /tensor a is \[2\], expected \[3\]/ });
  t.throws(() => opened.weight('n', [1]), { code: 'MODEL_TENSOR_TYPE', message: /tensor n is stored as I64/ });
  t.end();
});

test('any damaged header is a coded error or still a consistent file', (t) => {
  const file = join(t.testdir(), 'fuzzed.safetensors');
  const good = fileOf({ a: f32([2, 3], 0, 24), b: f32([2], 24, 32) }, 32);
  let state = 12345;
  const random = (below: number): number => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return Math.floor((state / 0x80000000) * below);
  };
  let refused = 0;
  for (let round = 0; round < 500; round++) {
    const bytes = Buffer.from(good.subarray(0, random(10) === 0 ? random(good.length) : good.length));
    for (let flips = 1 + random(4); flips > 0 && bytes.length > 0; flips--) bytes[random(bytes.length)] = random(256);
    writeFileSync(file, bytes);
    try {
      const opened = new SafetensorsFile(file);
      for (const name of opened.names) opened.shape(name);
    } catch (error) {
      refused += 1;
      if (!(error instanceof SpeakerpostError)) t.fail(`round ${round}: ${String(error)}`);
    }
  }
  t.ok(refused > 250, `${refused} of 500 refused`);
  t.end();
});

test('a folder of links, as downloads leave it, names the files that the links lead to', (t) => {
  const directory = t.testdir({ blobs: {}, snapshot: { 'model.safetensors': t.fixture('symlink', '../blobs/0a1b') } });
  const blob = join(directory, 'blobs/0a1b');
  writeFileSync(blob, fileOf({ b: f32([2], 0, 8) }, 8));
  const { path } = new SafetensorsFile(join(directory, 'snapshot/model.safetensors')).weight('b', [2]);
  t.equal(path, relative('/', realpathSync(blob)));
  t.end();
});
