import t from 'tap';
import { loadMenu } from '../../src/orders/menu/menu.ts';
import { extract } from './extractor.ts';
import { menuJson, plainly, readRows } from './rows.ts';
import { type Row, scoreOf } from './score.ts';

const run = (row: Row) => extract(menuJson(row.menu), row);

t.test('the development rows give the expected orders, and a wrong one says so', async (t) => {
  const score = scoreOf(readRows('data/dev.jsonl'), run);
  t.strictSame(score.wrong, []);
  t.equal(score.silent, 0);
  t.ok(score.flagRecall >= 95, `flag recall ${score.flagRecall}`);
  t.ok(score.over <= 1, `over ${score.over}`);
});

t.test('rows of our own, of the same kinds, give the expected orders', async (t) => {
  const score = scoreOf(readRows('own.jsonl'), run);
  t.ok(score.exact >= 99, `exact ${score.exact}: ${score.wrong.join()}`);
  t.equal(score.silent, 0);
  t.ok(score.flagRecall >= 90, `flag recall ${score.flagRecall}`);
  t.ok(score.over <= 1, `over ${score.over}`);
});

t.test('lower case without punctuation costs at most two points', async (t) => {
  for (const file of ['data/dev.jsonl', 'own.jsonl'] as const) {
    const rows = readRows(file);
    const spoken = scoreOf(rows, run);
    const plain = scoreOf(rows.map(plainly), run);
    t.ok(spoken.exact - plain.exact <= 2, `${file}: ${spoken.exact} to ${plain.exact}: ${plain.wrong.join()}`);
  }
});

t.test('a menu whose items bear other names gives orders of those names', async (t) => {
  // Every item's name and aliases get an invented word before the last one; what the agent says changes with them.
  for (const row of readRows('data/dev.jsonl').filter(({ tags }) => tags[0] === 'quantity' || tags[0] === 'sizes')) {
    const renamed = renamedRow(row);
    const score = scoreOf([renamed.row], () => extract(renamed.menu, renamed.row));
    t.strictSame(score.wrong, [], renamed.row.turns.map(({ text }) => text).join(' / '));
  }
});

/** The row and its menu with each item that it names called by an invented name. */
function renamedRow(row: Row): { readonly menu: object; readonly row: Row } {
  const menu = loadMenu(menuJson(row.menu), row.menu);
  const invented = ['Zorblat', 'Quimby Roll', 'Fandango', 'Wexley Tart', 'Mubbin'];
  const items = row.expected.items ?? [];
  const names = new Map(
    [...new Set(items.map(({ name }) => name))].map((name, index) => [name, invented[index] ?? `Plonk ${index}`]),
  );
  const raw = JSON.parse(JSON.stringify(menuJson(row.menu))) as {
    items: { name: string; aliases: string[]; combo?: { slots: { default?: string; options: string[] }[] } }[];
  };
  const rename = (name: string) => names.get(name) ?? name;
  for (const item of raw.items) {
    if (names.has(item.name)) item.aliases = [];
    item.name = rename(item.name);
    for (const slot of item.combo?.slots ?? []) {
      slot.options = slot.options.map(rename);
      if (slot.default !== undefined) slot.default = rename(slot.default);
    }
  }
  const spoken = [...names].flatMap(([name, other]) => {
    const item = menu.items.find((each) => each.name === name);
    return [name, ...(item?.aliases ?? [])].map((text) => ({ text, other }));
  });
  spoken.sort((left, right) => right.text.length - left.text.length);
  const say = (text: string) =>
    spoken.reduce(
      (said, { text: from, other }) =>
        said.replace(new RegExp(`\\b${from}(e?s)?\\b`, 'gi'), (_, plural) => `${other}${plural ? 's' : ''}`),
      text,
    );
  const turns = row.turns.map(({ text }, index) => ({ text: index === 0 ? text : say(text) }));
  const expected = { ...row.expected, items: items.map((item) => ({ ...item, name: rename(item.name) })) };
  return { menu: raw, row: { ...row, turns, expected } };
}
