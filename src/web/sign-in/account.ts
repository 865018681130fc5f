import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { messageOf, SpeakerpostError } from '../../runtime/errors.ts';
import type { Terminal } from '../contract.ts';

const accountSchema = z.strictObject({
  name: z.string().min(1),
  scrypt: z.strictObject({
    N: z
      .int()
      .positive()
      .max(2 ** 20),
    r: z.int().positive().max(32),
    p: z.int().positive().max(16),
    salt: z.base64(),
    hash: z.base64(),
  }),
});
type AccountFile = z.infer<typeof accountSchema>;

/** 32 MiB and some 50-100 ms a try, on a pool thread (OWASP password storage, scrypt). */
const cost = { N: 2 ** 15, r: 8, p: 1 };
const HASH_BYTES = 32;
/** 24 letters and digits out of 32: 120 bits, nothing that looks alike. */
const alphabet = 'abcdefghjkmnpqrstuvwxyz123456789';

/** The one account, `manager`. */
export class Account {
  readonly #file: AccountFile;

  constructor(file: AccountFile) {
    this.#file = file;
  }

  async matches(name: string, password: string): Promise<boolean> {
    const { salt, hash, ...own } = this.#file.scrypt;
    const expected = Buffer.from(hash, 'base64');
    const given = await hashOf(password, Buffer.from(salt, 'base64'), expected.length, own);
    return timingSafeEqual(given, expected) && name === this.#file.name;
  }
}

/**
 * Reads `account.json`, or makes it on the first run: the clear password goes to the terminal when a person sits there, else
 * to the file `first-password`. Both files are readable by their owner only.
 * @throws WEB_ACCOUNT_UNUSABLE
 */
export async function openAccount(dataDirectory: string, terminal: Terminal): Promise<Account> {
  const file = join(dataDirectory, 'account.json');
  try {
    const text = await readIfThere(file);
    if (text !== null) return new Account(accountSchema.parse(JSON.parse(text)));
    await mkdir(dataDirectory, { recursive: true });
    return await makeAccount(file, join(dataDirectory, 'first-password'), terminal);
  } catch (error) {
    const reason = messageOf(error);
    throw new SpeakerpostError('WEB_ACCOUNT_UNUSABLE', { file, reason }, error);
  }
}

async function makeAccount(file: string, passwordFile: string, terminal: Terminal): Promise<Account> {
  const password = [...randomBytes(24)].map((byte) => alphabet[byte % alphabet.length]).join('');
  const salt = randomBytes(16);
  const hash = await hashOf(password, salt, HASH_BYTES, cost);
  const made: AccountFile = {
    name: 'manager',
    scrypt: { ...cost, salt: salt.toString('base64'), hash: hash.toString('base64') },
  };
  // The password is out before the account is there: a stop in between leaves no account whose password nobody knows.
  if (terminal.isTTY === true) {
    terminal.write(`\nSign in as "manager" with the password ${password}\nIt is shown this once.\n\n`);
  } else {
    await writePrivate(passwordFile, `${password}\n`);
    terminal.write(`Sign in as "manager" with the password in ${passwordFile}\n`);
  }
  await writePrivate(file, `${JSON.stringify(made, null, 2)}\n`);
  return new Account(made);
}

/** Whole or not at all, mode 0600 from the first byte. */
async function writePrivate(file: string, text: string): Promise<void> {
  const part = `${file}.${randomBytes(6).toString('hex')}.part`;
  const handle = await open(part, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(part, file);
}

async function readIfThere(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw error;
  }
}

function hashOf(password: string, salt: Buffer, bytes: number, options: ScryptOptions): Promise<Buffer> {
  const maxmem = 256 * (options.N ?? 0) * (options.r ?? 0);
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFKC'), salt, bytes, { ...options, maxmem }, (error, key) =>
      error === null ? resolve(key) : reject(error),
    );
  });
}
