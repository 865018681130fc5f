import type { ErrorRow } from './row.ts';

export const phoneErrors = {} as const satisfies Record<string, ErrorRow>;
