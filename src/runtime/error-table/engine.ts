import type { ErrorRow } from './row.ts';

export const engineErrors = {} as const satisfies Record<string, ErrorRow>;
