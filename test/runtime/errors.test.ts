import { readFileSync } from 'node:fs';
import t from 'tap';
import { errorTable } from '../../src/runtime/error-table.ts';
import { describeError, isError, reviveError, SpeakerpostError } from '../../src/runtime/errors.ts';
import { errorsPage } from '../../src/runtime/errors-page.ts';

t.test('docs/errors.md is what the table says', async (t) => {
  const page = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');
  t.equal(page, errorsPage(), 'run: npm run docs:errors');
});

t.test('every remedy only names values that the message can carry', async (t) => {
  for (const [code, row] of Object.entries(errorTable)) {
    const named = new Set([...row.message.matchAll(/\{(\w+)\}/g)].map((match) => match[1]));
    for (const [, name] of row.remedy.matchAll(/\{(\w+)\}/g)) t.ok(named.has(name), `${code}: {${name}}`);
    t.match(row.remedy, /\S/, `${code} has a remedy`);
  }
});

t.test('an error carries its values through a thread or a socket', async (t) => {
  const error = new SpeakerpostError('CONFIG_INVALID', {
    file: 'a.yaml',
    path: 'sip.port',
    value: 'x',
    reason: 'no number',
  });
  t.equal(error.message, 'a.yaml: sip.port is x: no number');
  const revived = reviveError(JSON.parse(JSON.stringify(describeError(error))));
  t.equal(revived.message, error.message);
  t.equal(revived.remedy, error.remedy);
  t.ok(isError(revived, 'CONFIG_INVALID'));
  t.match(describeError(new Error('boom')), { code: 'INTERNAL', details: { reason: 'boom' } });
});
