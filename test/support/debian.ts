import { accessSync, constants, globSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Test } from 'tap';

/** The one command that installs everything that tests can use beyond npm. */
export const APT_COMMAND =
  'apt-get install -y --no-install-recommends sip-tester baresip-core linphone-cli chromium redis-server postgresql ffmpeg';

/** Programs that Debian keeps off the PATH. */
const elsewhere: Readonly<Record<string, string>> = { postgres: '/usr/lib/postgresql/*/bin/postgres' };

function find(program: string): string | null {
  const candidates = [
    ...(process.env['PATH'] ?? '').split(delimiter).map((directory) => join(directory, program)),
    ...(elsewhere[program] === undefined ? [] : globSync(elsewhere[program])),
  ];
  for (const candidate of candidates) {
    try {
      accessSync(candidate, constants.X_OK);
      return candidate;
    } catch {}
  }
  return null;
}

/**
 * The path of a program from a Debian package, or null after skipping the test with the command that installs it. With
 * `REQUIRE_DEBIAN=1` (continuous integration) a missing program fails the test instead.
 */
export function debianProgram(test: Test, program: string): string | null {
  const path = find(program);
  if (path !== null) return path;
  const reason = `needs ${program}: run ${APT_COMMAND}`;
  if (process.env['REQUIRE_DEBIAN'] === '1') test.fail(reason);
  else test.plan(0, reason);
  return null;
}
