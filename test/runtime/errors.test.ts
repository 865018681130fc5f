import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import ts from 'typescript';
import { errorTable } from '../../src/runtime/error-table.ts';
import { describeError, type ErrorCode, isError, reviveError, SpeakerpostError } from '../../src/runtime/errors.ts';
import { errorsPage } from '../../src/runtime/errors-page.ts';

const SRC = join(import.meta.dirname, '../../src');

/** Every file but the table's own. */
const sources = globSync('**/*.ts', { cwd: SRC, exclude: ['runtime/error-table/**'] }).map((file) => ({
  file,
  text: readFileSync(join(SRC, file), 'utf8'),
}));

interface Raised {
  readonly code: ErrorCode;
  readonly details: ReadonlySet<string>;
  readonly where: string;
}

/** `new SpeakerpostError('CODE', { ... })` and `{ code: 'CODE', details: { ... } }` with their names written out. */
function raisedIn({ file, text }: { readonly file: string; readonly text: string }): Raised[] {
  const tree = ts.createSourceFile(file, text, ts.ScriptTarget.Latest);
  const found: Raised[] = [];
  const add = (code: ts.Node | undefined, details: ts.Node | undefined) => {
    if (code === undefined || !ts.isStringLiteral(code) || !(code.text in errorTable)) return;
    if (details !== undefined && !ts.isObjectLiteralExpression(details)) return;
    const properties = details?.properties ?? [];
    if (properties.some(ts.isSpreadAssignment)) return;
    const names = properties.flatMap(({ name }) => (name !== undefined && ts.isIdentifier(name) ? [name.text] : []));
    const line = tree.getLineAndCharacterOfPosition(code.getStart(tree)).line + 1;
    found.push({ code: code.text as ErrorCode, details: new Set(names), where: `${file}:${line}` });
  };
  const visit = (node: ts.Node): void => {
    if (ts.isNewExpression(node) && ts.isIdentifier(node.expression) && node.expression.text === 'SpeakerpostError')
      add(node.arguments?.[0], node.arguments?.[1]);
    if (ts.isObjectLiteralExpression(node)) {
      const property = (name: string) =>
        node.properties.find((each) => ts.isPropertyAssignment(each) && each.name.getText(tree) === name);
      const [code, details] = [property('code'), property('details')];
      if (
        code !== undefined &&
        details !== undefined &&
        ts.isPropertyAssignment(code) &&
        ts.isPropertyAssignment(details)
      )
        add(code.initializer, details.initializer);
    }
    ts.forEachChild(node, visit);
  };
  visit(tree);
  return found;
}

t.test('docs/errors.md is what the table says', async (t) => {
  const page = readFileSync(new URL('../../docs/errors.md', import.meta.url), 'utf8');
  t.equal(page, errorsPage(), 'run: npm run docs:errors');
});

t.test('every row has a remedy and is raised somewhere', async (t) => {
  const texts = sources.map(({ text }) => text).join('\n');
  for (const [code, row] of Object.entries(errorTable)) {
    t.match(row.remedy, /\S/, `${code} has a remedy`);
    t.ok(texts.includes(`'${code}'`), `${code} is raised`);
  }
});

t.test('an error is given every value that its message and its remedy name', async (t) => {
  let checked = 0;
  for (const { code, details, where } of sources.flatMap(raisedIn)) {
    const row = errorTable[code];
    for (const [, name = ''] of `${row.message} ${row.remedy}`.matchAll(/\{(\w+)\}/g))
      t.ok(details.has(name), `${code} at ${where} has {${name}}`);
    checked++;
  }
  t.ok(checked > 50, `${checked} places were found`);
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
