import { parseArgs } from 'node:util';
import { openAccess } from '../access/access.ts';
import { type Permission, permissions } from '../access/permissions.ts';
import { readStoreConfig } from '../config/store.ts';
import { systemClock } from '../runtime/clock.ts';

const known = Object.keys(permissions) as Permission[];

const HELP = `Usage: speakerpost token list|add|remove [NAME] [options]

The keys of programs that use the API (\`Authorization: Bearer spk_...\`). Works beside a running gateway.

  token list
  token add NAME --may RIGHTS [--days N]   prints the token, once
  token remove NAME

  --may RIGHTS    comma-separated:
${Object.entries(permissions)
  .map(([name, text]) => `                    ${name.padEnd(16)} ${text}`)
  .join('\n')}
  --days N        how long it is good (default: until it is removed)
  --config FILE   the store's file (default: config/store.yaml)
`;

export async function runToken(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      config: { type: 'string', default: 'config/store.yaml' },
      may: { type: 'string' },
      days: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) {
    process.stdout.write(HELP);
    return 0;
  }
  const [verb, name = ''] = positionals;
  const scopes = (values.may ?? '').split(',').map((each) => known.find((permission) => permission === each.trim()));
  const rights = scopes.filter((each) => each !== undefined);
  const days = values.days === undefined ? null : Number(values.days);
  const isUnderstood =
    positionals.length === (verb === 'list' ? 1 : 2) &&
    (verb === 'list' || verb === 'remove' || (verb === 'add' && rights.length === scopes.length)) &&
    (days === null || days > 0);
  if (!isUnderstood) {
    process.stderr.write(HELP);
    return 2;
  }
  const access = await openAccess(readStoreConfig(values.config).dataDirectory, systemClock);
  try {
    if (verb === 'add') {
      const token = access.tokens.add(name, rights, days === null ? null : days * 86_400_000);
      process.stdout.write(`${token}\nIt is shown this once.\n`);
    } else if (verb === 'remove') {
      access.tokens.remove(name);
    } else {
      for (const each of access.tokens.list) process.stdout.write(`${each.name.padEnd(24)} ${each.scopes.join(',')}\n`);
    }
    return 0;
  } finally {
    access.close();
  }
}
