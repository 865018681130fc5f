import { join } from 'node:path';
import { writePrivate } from '../runtime/synced-file.ts';
import { randomPassword } from './password.ts';
import type { People } from './people.ts';

/** Where the first password is shown, if a person looks at it: standard output. */
export interface Terminal {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const FIRST_PERSON = 'admin';

/**
 * Makes the first account where there is none. Its password goes to the terminal when a person sits there, else to the file
 * `first-password`, readable by its owner only; it is out before the account is there, so that a stop in between leaves no account
 * whose password nobody knows.
 */
export async function makeFirstPerson(people: People, dataDirectory: string, terminal: Terminal): Promise<void> {
  if (people.list.length > 0) return;
  const password = randomPassword();
  if (terminal.isTTY === true) {
    terminal.write(`\nSign in as "${FIRST_PERSON}" with the password ${password}\nIt is shown this once.\n\n`);
  } else {
    const file = join(dataDirectory, 'first-password');
    await writePrivate(file, `${password}\n`);
    terminal.write(`Sign in as "${FIRST_PERSON}" with the password in ${file}\n`);
  }
  await people.add(FIRST_PERSON, 'admin', password);
}
