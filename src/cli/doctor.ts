import { parseArgs } from 'node:util';
import { readStoreConfig } from '../config/store.ts';
import { checksOf, type Finding, runCheck } from '../doctor/checks.ts';

const HELP = `Usage: speakerpost doctor [--config FILE]

Checks a store's file against this machine: one line a check, and one remedy where it fails. It changes nothing and places no order.
Stop the gateway first, or its own ports are reported as taken. Exit code 0 when nothing failed.

  --config FILE   the store's file (default: config/store.yaml)
`;

const marks: Readonly<Record<Finding['state'], string>> = { ok: 'ok  ', warning: 'WARN', failed: 'FAIL' };

export async function runDoctor(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { config: { type: 'string', default: 'config/store.yaml' }, help: { type: 'boolean', short: 'h' } },
  });
  if (values.help === true) {
    process.stdout.write(HELP);
    return 0;
  }
  const config = readStoreConfig(values.config);
  let failures = 0;
  for (const check of checksOf(config)) {
    const finding = await runCheck(check);
    if (finding.state === 'failed') failures++;
    process.stdout.write(`${marks[finding.state]}  ${check.name.padEnd(13)} ${finding.detail}\n`);
    if (finding.remedy !== '') process.stdout.write(`      ${' '.repeat(13)} -> ${finding.remedy}\n`);
  }
  return failures === 0 ? 0 : 1;
}
