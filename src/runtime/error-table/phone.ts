import type { ErrorRow } from './row.ts';

export const phoneErrors = {
  CALL_SCRIPT_INVALID: {
    message: "{file} cannot be used as a customer's script: {reason}",
    remedy: 'Correct the file; assets/customers/two-items.json is an example.',
  },
} as const satisfies Record<string, ErrorRow>;
