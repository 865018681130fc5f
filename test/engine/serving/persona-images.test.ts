import t from 'tap';
import type { PersonaImage } from '../../../src/engine/model-contract.ts';
import { PersonaImages } from '../../../src/engine/serving/persona-images.ts';

function build(limit: { readonly count: number; readonly bytes: number }) {
  const prepared: string[] = [];
  const released: PersonaImage[] = [];
  const ids = ['a', 'b', 'c', 'd'];
  const images = new PersonaImages({
    personas: ids.map((id) => ({ id, text: null, voice: null })),
    prepare: async ({ id }) => {
      prepared.push(id);
      if (id === 'd') throw new Error('no voice');
      return { promptSteps: ids.indexOf(id), byteLength: 100 };
    },
    release: (image) => released.push(image),
    limit,
  });
  return { images, prepared, released };
}

t.test('what was not used for longest goes first, and is prepared again when asked for', async (t) => {
  const { images, prepared, released } = build({ count: 2, bytes: 1e6 });
  await images.warm();
  t.same(
    [prepared, images.keptIds],
    [
      ['a', 'b'],
      ['a', 'b'],
    ],
    'as many as are kept, in order',
  );
  await images.get('a');
  await images.get('c');
  t.same(images.keptIds, ['a', 'c']);
  t.match(released, [{ promptSteps: 1 }]);
  t.match(await images.get('b'), { promptSteps: 1 });
  t.same(prepared, ['a', 'b', 'c', 'b']);
  t.same(images.keptIds, ['c', 'b']);
});

t.test('memory is a limit as well, but the image in use is kept', async (t) => {
  const { images } = build({ count: 10, bytes: 250 });
  for (const id of ['a', 'b', 'c']) await images.get(id);
  t.same(images.keptIds, ['b', 'c']);
  const tight = build({ count: 10, bytes: 10 });
  await tight.images.get('a');
  t.same(tight.images.keptIds, ['a']);
  await tight.images.get('b');
  t.same(tight.images.keptIds, ['b']);
});

t.test('calls that ask at once wait for one preparation; a failed one is tried again', async (t) => {
  const { images, prepared } = build({ count: 2, bytes: 1e6 });
  const [first, second] = await Promise.all([images.get('a'), images.get('a')]);
  t.equal(first, second);
  t.same(prepared, ['a']);
  await t.rejects(images.get('d'), /no voice/);
  await t.rejects(images.get('d'), /no voice/);
  t.same(prepared, ['a', 'd', 'd']);
  await t.rejects(images.get('e'), { code: 'PERSONA_UNKNOWN', message: /a, b, c, d/ });
});
