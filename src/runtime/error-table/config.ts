import type { ErrorRow } from './row.ts';

export const configErrors = {
  CONFIG_UNREADABLE: {
    message: 'Cannot read {file}: {reason}',
    remedy: 'Check that the file exists and is readable by this user.',
  },
  CONFIG_SYNTAX: {
    message: '{file}:{line}: not valid YAML or JSON: {reason}',
    remedy: 'Correct the syntax at that line.',
  },
  CONFIG_INVALID: {
    message: '{file}: {path} is {value}: {reason}',
    remedy: 'Set {path} to a value that fits; config/README.md lists every setting.',
  },
} as const satisfies Record<string, ErrorRow>;
