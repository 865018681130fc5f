import type { ErrorRow } from './row.ts';

export const cliErrors = {} as const satisfies Record<string, ErrorRow>;
