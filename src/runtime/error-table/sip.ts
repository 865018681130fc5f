import type { ErrorRow } from './row.ts';

export const sipErrors = {} as const satisfies Record<string, ErrorRow>;
