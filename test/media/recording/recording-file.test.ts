import { readdirSync, statSync } from 'node:fs';
import t from 'tap';
import { keepParts } from '../../../src/media/recording/recording-file.ts';

t.test('recordings that a killed gateway left get their names', async (t) => {
  const directory = t.testdir({ 'c_1.opus.part': 'OggS and more', 'c_2.opus': 'OggS', 'note.txt': '' });
  await keepParts(directory);
  t.same(readdirSync(directory).toSorted(), ['c_1.opus', 'c_2.opus', 'note.txt']);
  t.equal(statSync(`${directory}/c_1.opus`).size, 13);
});
