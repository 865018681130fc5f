import type { ErrorRow } from './row.ts';

export const mediaErrors = {} as const satisfies Record<string, ErrorRow>;
