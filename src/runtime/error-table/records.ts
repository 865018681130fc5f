import type { ErrorRow } from './row.ts';

export const recordsErrors = {} as const satisfies Record<string, ErrorRow>;
