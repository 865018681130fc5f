import type { ErrorRow } from './row.ts';

export const accessErrors = {
  ACCESS_UNUSABLE: {
    message: 'The file of accounts {file} cannot be used: {reason}',
    remedy:
      'Check its rights and the free space. If it is damaged, delete it and start again: a new first account is made and shown. Calls and orders are in another file.',
  },
  ACCESS_NAME_UNUSABLE: {
    message: 'An account cannot be named {name}',
    remedy: 'Use up to 64 letters, digits, dots, dashes, underscores or @, and begin with a letter or digit.',
  },
  ACCESS_NAME_TAKEN: {
    message: 'There is an account {name} already',
    remedy: 'Choose another name, or set a new password for this account.',
  },
  ACCESS_NO_SUCH_PERSON: {
    message: 'There is no account {name}',
    remedy: 'See the accounts with: speakerpost user list',
  },
  ACCESS_NO_SUCH_TOKEN: {
    message: 'There is no token {name}',
    remedy: 'See the tokens with: speakerpost token list',
  },
  ACCESS_PASSWORD_TOO_SHORT: {
    message: 'A password has {min} to {max} characters',
    remedy: 'Take a longer one: three or four words that do not belong together are easy to remember.',
  },
  ACCESS_LAST_ADMIN: {
    message: '{name} is the only admin',
    remedy: 'Make somebody else admin first.',
  },
} as const satisfies Record<string, ErrorRow>;
