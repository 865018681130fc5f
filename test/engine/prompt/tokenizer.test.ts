import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { loadTokenizer, pieceText } from '../../../src/engine/prompt/tokenizer.ts';
import { parseTokenizerModel } from '../../../src/engine/prompt/tokenizer-model.ts';
import { isError } from '../../../src/runtime/errors.ts';
import { tokenizerStrings } from './tokenizer-strings.ts';

const root = join(import.meta.dirname, '../../..');
const fixtures = join(root, 'test/fixtures/tokenizer');
const golden = JSON.parse(readFileSync(join(fixtures, 'golden.json'), 'utf8'));
const models = {
  nano: join(root, 'models/nano/tokenizer_spm.model'),
  unigram: join(fixtures, 'unigram.model'),
  bpe: join(fixtures, 'bpe.model'),
} as const;

for (const [name, file] of Object.entries(models)) {
  t.test(`the ${name} model gives every string the ids of the reference implementation`, async (t) => {
    const tokenizer = await loadTokenizer(file);
    for (const [index, text] of golden.strings.entries())
      t.same(tokenizer.encode(text), golden[name][index], JSON.stringify(text));
  });
}

t.test('10,000 strings have the ids of the reference implementation, in every model', async (t) => {
  const digests = JSON.parse(readFileSync(join(fixtures, 'digests.json'), 'utf8'));
  const perBlock = 100;
  const strings = tokenizerStrings(10_000);
  for (const [name, file] of Object.entries(models)) {
    const tokenizer = await loadTokenizer(file);
    const found: string[] = [];
    for (let at = 0; at < strings.length; at += perBlock) {
      const lines = strings.slice(at, at + perBlock).map((text) => tokenizer.encode(text).join(','));
      found.push(createHash('sha256').update(lines.join('\n')).digest('hex').slice(0, 16));
    }
    t.same(found, digests[name], name);
  }
});

t.test('a piece shows its space and knows no id outside the vocabulary', async (t) => {
  const tokenizer = await loadTokenizer(models.nano);
  t.equal(tokenizer.piece(5), '\u2581t');
  t.equal(pieceText('\u2581t'), ' t');
  t.equal(tokenizer.piece(tokenizer.size), null);
  t.equal(tokenizer.piece(-1), null);
});

t.test('a lone surrogate is encoded like the replacement character', async (t) => {
  const tokenizer = await loadTokenizer(models.bpe);
  t.same(tokenizer.encode('a\ud800b'), tokenizer.encode('a\ufffdb'));
});

t.test('a missing file and a file of another kind are TOKENIZER_INVALID with the file named', async (t) => {
  for (const file of [join(fixtures, 'none.model'), join(fixtures, 'golden.json')]) {
    const error: unknown = await loadTokenizer(file).catch((caught) => caught);
    t.ok(isError(error, 'TOKENIZER_INVALID') && error.message.includes(file));
  }
});

t.test('a damaged model file is refused with a reason and never read past its end', async (t) => {
  const whole = readFileSync(models.unigram);
  t.equal(parseTokenizerModel(whole).type, 'unigram');
  let state = 42;
  const random = (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state % below;
  };
  for (let round = 0; round < 500; round++) {
    const damaged = Buffer.from(whole.subarray(0, round % 2 === 0 ? whole.length : random(whole.length)));
    if (damaged.length > 0) damaged[random(damaged.length)] = random(256);
    try {
      parseTokenizerModel(damaged);
    } catch (error) {
      if (!(error instanceof RangeError)) t.fail(`round ${round}: ${error}`);
    }
  }
});
