import { createInterface } from 'node:readline/promises';
import { parseArgs } from 'node:util';
import { type Access, openAccess } from '../access/access.ts';
import { randomPassword } from '../access/password.ts';
import { type Role, roles } from '../access/permissions.ts';
import { readStoreConfig } from '../config/store.ts';
import { systemClock } from '../runtime/clock.ts';

const HELP = `Usage: speakerpost user list|add|password|role|remove [NAME] [options]

The accounts of the pages. Works beside a running gateway; whoever loses a right is signed out at once.

  user list
  user add NAME --role ROLE    ROLE is ${roles.join(', ')}
  user password NAME           a new password
  user role NAME --role ROLE
  user remove NAME

A new password is read from standard input where that is no terminal; else one is made up and shown once.

  --config FILE   the store's file (default: config/store.yaml)
`;

type Action = (access: Access, name: string, role: Role | null) => Promise<number>;

const actions: Readonly<Record<string, Action>> = { list, add, password, role, remove };

export async function runUser(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      config: { type: 'string', default: 'config/store.yaml' },
      role: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) {
    process.stdout.write(HELP);
    return 0;
  }
  const [verb = '', name] = positionals;
  const action = actions[verb];
  const chosen = roles.find((each) => each === values.role) ?? null;
  const needsRole = verb === 'add' || verb === 'role';
  const isUnderstood =
    action !== undefined &&
    (name !== undefined) === (verb !== 'list') &&
    positionals.length <= 2 &&
    (chosen !== null) === needsRole;
  if (!isUnderstood) {
    process.stderr.write(HELP);
    return 2;
  }
  const access = await openAccess(readStoreConfig(values.config).dataDirectory, systemClock);
  try {
    return await action(access, name ?? '', chosen);
  } finally {
    access.close();
  }
}

async function list({ people }: Access): Promise<number> {
  for (const { name, role, lastSignInWallMs, isExternal } of people.list) {
    const last =
      lastSignInWallMs === null ? 'never signed in' : `signed in ${new Date(lastSignInWallMs).toISOString()}`;
    process.stdout.write(
      `${name.padEnd(24)} ${role.padEnd(8)} ${last}${isExternal ? ', identity provider only' : ''}\n`,
    );
  }
  return 0;
}

async function add({ people }: Access, name: string, role: Role | null): Promise<number> {
  const given = await newPassword();
  await people.add(name, role ?? 'crew', given);
  return 0;
}

async function password({ people }: Access, name: string): Promise<number> {
  await people.setPassword(name, await newPassword());
  return 0;
}

async function role({ people }: Access, name: string, chosen: Role | null): Promise<number> {
  people.setRole(name, chosen ?? 'crew');
  return 0;
}

async function remove({ people, sessions }: Access, name: string): Promise<number> {
  sessions.closeAllOf(name);
  people.remove(name);
  return 0;
}

async function newPassword(): Promise<string> {
  if (!process.stdin.isTTY) {
    for await (const line of createInterface({ input: process.stdin })) {
      if (line !== '') return line;
    }
  }
  const made = randomPassword();
  process.stdout.write(`The password is ${made}\nIt is shown this once.\n`);
  return made;
}
