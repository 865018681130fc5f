import type { ErrorRow } from './row.ts';

export const callsErrors = {} as const satisfies Record<string, ErrorRow>;
