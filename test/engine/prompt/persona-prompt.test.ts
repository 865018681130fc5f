import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { buildPersonaPrompt, type PromptSource } from '../../../src/engine/prompt/persona-prompt.ts';
import { wrapSystemText } from '../../../src/engine/prompt/text-prompt.ts';
import { loadTokenizer } from '../../../src/engine/prompt/tokenizer.ts';
import { isError } from '../../../src/runtime/errors.ts';

const fixtures = join(import.meta.dirname, '../../fixtures');
const tokenizer = await loadTokenizer(join(fixtures, 'tokenizer/bpe.model'));
const codes = { kind: 'codes', frames: [[1, 2]] } as const;

function checkpoint(t: Test, ownPrompt: PromptSource['ownPrompt']): PromptSource {
  const directory = t.testdir({ voices: {} });
  for (const name of ['BERT.pt', 'ANNA.pt'])
    copyFileSync(join(fixtures, 'wrap/voice.pt'), join(directory, 'voices', name));
  return { directory, ownPrompt, tokenizer };
}

t.test('system tags are added only where missing', async (t) => {
  t.equal(wrapSystemText(' You work. '), '<system> You work. <system>');
  t.equal(wrapSystemText('<system> You work. <system>'), '<system> You work. <system>');
  t.equal(wrapSystemText('<system> You work.'), '<system> <system> You work. <system>');
});

t.test("null parts are the checkpoint's own", async (t) => {
  const source = checkpoint(t, { textTokens: [7, 8], voice: codes });
  const prompt = await buildPersonaPrompt({ id: 'a', text: null, voice: null }, source);
  t.same(prompt, { textTokens: [7, 8], voice: codes });
});

t.test('a text is tokenised with its tags; a voice is found by name, by file name and by path', async (t) => {
  const source = checkpoint(t, { textTokens: [7, 8], voice: codes });
  for (const voice of ['ANNA', 'ANNA.pt', './voices/ANNA.pt', join(fixtures, 'wrap/voice.pt')]) {
    const prompt = await buildPersonaPrompt({ id: 'a', text: 'You work', voice }, source);
    t.same(prompt.textTokens, tokenizer.encode('<system> You work <system>'));
    t.equal(prompt.voice.kind, 'embeddings');
  }
});

t.test('an unknown voice lists those there are', async (t) => {
  const source = checkpoint(t, { textTokens: [7, 8], voice: codes });
  for (const voice of ['CARL', '../CARL.pt']) {
    const error: unknown = await buildPersonaPrompt({ id: 'a', text: null, voice }, source).catch((caught) => caught);
    t.ok(isError(error, 'VOICE_UNKNOWN') && error.message.includes('CARL') && error.message.includes('ANNA, BERT'));
  }
});

t.test('a checkpoint without a prompt of its own says what the persona must bring', async (t) => {
  const source = checkpoint(t, { textTokens: null, voice: null });
  const noText: unknown = await buildPersonaPrompt({ id: 'a', text: null, voice: 'ANNA' }, source).catch((e) => e);
  t.ok(isError(noText, 'PERSONA_TEXT_MISSING'));
  const noVoice: unknown = await buildPersonaPrompt({ id: 'a', text: 'x', voice: null }, source).catch((e) => e);
  t.ok(isError(noVoice, 'PERSONA_VOICE_MISSING') && noVoice.message.includes('ANNA, BERT'));
});
