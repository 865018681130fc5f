import type { ErrorRow } from './row.ts';

export const webErrors = {} as const satisfies Record<string, ErrorRow>;
