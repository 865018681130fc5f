import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const SCENARIOS = join(import.meta.dirname, '../sip/scenarios');
const WITHIN_SECONDS = 20;

export interface SippRun {
  /** 0 when every call went as the scenario says. */
  readonly code: number;
  /** Why it did not, with the messages. */
  readonly complaint: string;
}

/** Runs a scenario of test/sip/scenarios once, or as `args` say. `target`: `host:port`, or null where SIPp is called. */
export async function runSipp(
  program: string,
  scenario: string,
  target: string | null,
  args: readonly string[],
): Promise<SippRun> {
  const folder = mkdtempSync(join(tmpdir(), 'speakerpost-sipp-'));
  try {
    const own = [
      '-sf',
      join(SCENARIOS, `${scenario}.xml`),
      '-m',
      '1',
      '-nostdin',
      '-trace_err',
      '-error_file',
      'errors',
    ];
    const limits = ['-timeout', `${WITHIN_SECONDS}s`, '-timeout_error', '-recv_timeout', `${1_000 * WITHIN_SECONDS}`];
    const all = [...(target === null ? [] : [target]), ...own, ...limits, ...args];
    const child = spawn(program, all, { cwd: folder, stdio: 'ignore' });
    const [code] = await once(child, 'exit');
    const errors = join(folder, 'errors');
    return { code: Number(code), complaint: existsSync(errors) ? readFileSync(errors, 'utf8') : '' };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
