import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'tap';
import { runGolden } from '../../../src/engine/golden/golden.ts';

const root = new URL('../../../', import.meta.url);
const folder = (path: string): string => fileURLToPath(new URL(path, root));

test('a checkpoint whose rings wrap several times gives every number of the published code', async (t) => {
  const lines: string[] = [];
  const wrap = folder('test/fixtures/wrap');
  t.equal(await runGolden(wrap, wrap, (line) => lines.push(line)), true, lines.join('\n'));
  t.match(lines.at(-1), /all 18 checks hold/);
});

test('the nano model answers a real customer with the tokens of the published code', async (t) => {
  const lines: string[] = [];
  const holds = await runGolden(folder('models/nano'), folder('test/fixtures/nano-golden'), (line) => lines.push(line));
  t.equal(holds, true, lines.join('\n'));
  t.match(lines.at(-1), /all 8 checks hold/);
});

test('one changed token in the vectors fails one check, by name', async (t) => {
  const vectors = t.testdir();
  const wrap = folder('test/fixtures/wrap');
  const file = readFileSync(join(wrap, 'golden.safetensors'));
  const header = JSON.parse(file.subarray(8, 8 + Number(file.readBigUInt64LE(0))).toString());
  const lastByte = 8 + Number(file.readBigUInt64LE(0)) + header.bare_tokens.data_offsets[1] - 4;
  file.writeInt32LE(file.readInt32LE(lastByte) + 1, lastByte);
  writeFileSync(join(vectors, 'golden.safetensors'), file);

  const lines: string[] = [];
  t.equal(await runGolden(wrap, vectors, (line) => lines.push(line)), false);
  const failed = lines.filter((line) => line.startsWith('FAIL'));
  t.equal(failed.length, 1);
  t.match(failed[0], /bare: tokens of 60 steps +1 rows differ/);
});
