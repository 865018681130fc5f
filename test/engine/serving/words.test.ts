import { join } from 'node:path';
import t from 'tap';
import { loadTokenizer } from '../../../src/engine/prompt/tokenizer.ts';
import { GivenWords, textStream } from '../../../src/engine/serving/words.ts';

const nano = await loadTokenizer(join(import.meta.dirname, '../../../models/nano/tokenizer_spm.model'));
const pace = { paddingId: 3, endOfPaddingId: 0, framesPerCharacter: 0.5, leadFrames: 5 };
const written = (stream: readonly number[]) =>
  stream.map((id) => (id === 3 ? '.' : id === 0 ? '0' : (nano.piece(id) ?? '?'))).join(' ');

t.test('words lie in time as they are spoken, each after its end of padding', async (t) => {
  const stream = textStream('Your total is seven dollars, please.', nano, pace, 0);
  t.match(written(stream), /^0 ▁Your ▁total \. 0 ▁is ▁seven \. 0 ▁/);
  t.match(written(stream), /, (?:\. )+0 ▁please \.? ?/);
  t.same(stream.slice(-5), [3, 3, 3, 3, 3], 'until the last word has sounded');
  const said = stream.filter((id) => id !== 3 && id !== 0);
  t.same(said, nano.encode('Your total is seven dollars, please.'), 'every token, once, in order');
});

t.test('a faster pace leaves no padding, but no token out', async (t) => {
  const stream = textStream('Your total is seven', nano, { ...pace, framesPerCharacter: 0, leadFrames: 0 }, 0);
  t.equal(written(stream), '0 ▁Your ▁total ▁is ▁seven');
});

t.test('signs that the vocabulary does not have are refused, nothing is nothing', async (t) => {
  t.throws(() => textStream('That is $7.', nano, pace, 3), { code: 'LANE_WORDS_INVALID', details: { lane: 3 } });
  t.same(textStream('', nano, { ...pace, leadFrames: 0 }, 0), [0]);
});

t.test('a saying is over when each of its frames was answered, not when the last was begun', async (t) => {
  const words = new GivenWords();
  const said: number[] = [];
  words.add([1, 2], () => said.push(1));
  words.add([3], () => said.push(2));
  t.equal(words.waiting, 3);
  t.same([words.next(), words.next(), words.next(), words.next()], [1, 2, 3, undefined]);
  words.answered();
  t.same(said, []);
  words.answered();
  words.answered();
  t.same([said, words.waiting], [[1, 2], 0]);
});
