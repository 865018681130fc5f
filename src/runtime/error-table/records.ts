import type { ErrorRow } from './row.ts';

export const recordsErrors = {
  DATA_DIRECTORY_IN_USE: {
    message: 'Another gateway runs on the data directory {directory}',
    remedy: 'Stop it first (its process: fuser {directory}/gateway.lock), or set another dataDirectory.',
  },
  DATA_DIRECTORY_UNUSABLE: {
    message: 'The data directory {directory} cannot be used: {reason}',
    remedy: 'Set dataDirectory to a folder that this user may write to, on a disk with space.',
  },
  DATABASE_UNUSABLE: {
    message: 'The database {file} cannot be used: {reason}',
    remedy:
      'Check space and rights of its folder. If it is damaged, move it aside together with its -wal and -shm files and start again; keep it: tickets may be read from it with sqlite3.',
  },
  DATABASE_TOO_NEW: {
    message: 'The database {file} has schema {found}; this version knows up to {known}',
    remedy: 'Start the newer version that wrote it, or set another dataDirectory.',
  },
  RECORDS_NOT_STORED: {
    message: 'Call records cannot be written: {reason}',
    remedy: 'Free space on the disk of the data directory. Records wait in memory and are written as soon as it works.',
  },
  RECORDS_DROPPED: {
    message: '{count} call records were dropped: the database has refused them for too long',
    remedy: 'Free space on the disk of the data directory; the calls of that time lack words on their pages.',
  },
  CALLS_INTERRUPTED: {
    message: '{calls} calls were cut by a stop of the gateway, {orders} of them with an order that was not closed',
    remedy: 'Open the calls marked interrupted: what they had ordered is shown there and was not sent to the POS.',
  },
  RECORD_READER_FAILED: {
    message: 'The database cannot be read: {reason}',
    remedy: 'Load the page again. If this stays, check the data directory and the log lines around it.',
  },
} as const satisfies Record<string, ErrorRow>;
