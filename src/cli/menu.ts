import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { describeFinding, lintMenu } from '../orders/extraction/lint-menu.ts';
import { menuFromCsv } from '../orders/menu/import/csv-menu.ts';
import { menuFromSquare } from '../orders/menu/import/square-catalog.ts';
import { menuFromToast } from '../orders/menu/import/toast-menu.ts';
import { loadMenu, readMenu } from '../orders/menu/menu.ts';

const HELP = `Usage: speakerpost menu check FILE...
       speakerpost menu import --from csv|square|toast FILE --id ID --name NAME [--currency USD] [--out FILE]

check reads menus as the gateway does and says which words are ambiguous: two things of one name, a product in the store's own name.

import writes a menu of ours from
  csv      columns item, category, price and, where there are, size, aliases (a|b), group, option, option_price, square, toast
  square   what GET /v2/catalog/list or the catalogue's search answers
  toast    what GET /menus/v2/menus answers
and then checks it. Prices become integer cents; the POS's own ids stay with each item, size and option.

  --from KIND      the format of FILE
  --id, --name     of the menu; NAME is what the store is called aloud
  --currency CODE  ISO 4217 (default USD)
  --tax RATE       a fraction added to prices (default 0: prices include it)
  --out FILE       where to write it (default: standard output)

Exit code: 0 a menu that can be used, 1 not, 2 wrong usage.
`;

const importers = { csv: menuFromCsv, square: menuFromSquare, toast: menuFromToast } as const;

export async function runMenu(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      from: { type: 'string' },
      id: { type: 'string' },
      name: { type: 'string' },
      currency: { type: 'string', default: 'USD' },
      tax: { type: 'string', default: '0' },
      out: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) {
    process.stdout.write(HELP);
    return 0;
  }
  const [what, ...files] = positionals;
  if (what === 'check' && files.length > 0) {
    for (const file of files) check(readMenu(file), file, process.stdout);
    return 0;
  }
  const { from, id, name, currency, out } = values;
  const [file, ...more] = files;
  const rate = Number(values.tax);
  const isKnown = from === 'csv' || from === 'square' || from === 'toast';
  if (
    what !== 'import' ||
    !isKnown ||
    file === undefined ||
    more.length > 0 ||
    id === undefined ||
    name === undefined
  ) {
    process.stderr.write(HELP);
    return 2;
  }
  const tax = { rate, included: rate === 0 };
  const { menu, skipped } = importers[from](readFileSync(file, 'utf8'), { file, id, name, currency, tax });
  const text = `${JSON.stringify(menu, null, 2)}\n`;
  // Faults are those of what came in: nothing is written of a menu that cannot be used.
  const loaded = loadMenu(JSON.parse(text), file);
  if (out === undefined) process.stdout.write(text);
  else writeFileSync(out, text);
  for (const each of skipped) process.stderr.write(`left out: ${each}\n`);
  check(loaded, out ?? file, process.stderr);
  return 0;
}

function check(menu: ReturnType<typeof readMenu>, file: string, sink: NodeJS.WritableStream): void {
  const findings = lintMenu(menu);
  sink.write(
    `${file}: ${menu.items.length} items, ${menu.groups.length} groups of options, version ${menu.version}; ` +
      `${findings.length === 0 ? 'nothing ambiguous' : `${findings.length} to look at`}\n`,
  );
  for (const finding of findings) sink.write(`  ${describeFinding(finding)}\n`);
}
