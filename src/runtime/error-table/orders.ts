import type { ErrorRow } from './row.ts';

export const ordersErrors = {} as const satisfies Record<string, ErrorRow>;
