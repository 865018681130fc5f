import type { ErrorRow } from './error-table/row.ts';
import { errorTable } from './error-table.ts';

/** docs/errors.md as the table has it. */
export function errorsPage(): string {
  const rows = Object.entries<ErrorRow>(errorTable)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, row]) => `| \`${code}\` | ${cell(row.message)} | ${cell(row.remedy)} |`);
  return `# Errors

Every error that an operator can meet: its code (stable), what happened (\`{...}\` carries the offending value), what to do. This page is
generated from the table in \`src/runtime/error-table/\` by \`npm run docs:errors\`.

| code | what happened | what to do |
| --- | --- | --- |
${rows.join('\n')}
`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
