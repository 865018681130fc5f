import { errorTable } from './error-table.ts';

export type ErrorCode = keyof typeof errorTable;
export type ErrorDetails = Readonly<Record<string, string | number | boolean | null>>;

/**
 * An error of the one table: a stable code, a message that carries the offending values, and what the operator should do.
 * `details` fill the `{placeholders}` of the table's message and remedy.
 */
export class SpeakerpostError extends Error {
  override readonly name = 'SpeakerpostError';
  readonly code: ErrorCode;
  readonly remedy: string;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, details: ErrorDetails = {}, cause?: unknown) {
    const row = errorTable[code];
    super(fill(row.message, details), cause === undefined ? undefined : { cause });
    this.code = code;
    this.remedy = fill(row.remedy, details);
    this.details = details;
  }
}

function fill(template: string, details: ErrorDetails): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => (name in details ? String(details[name]) : whole));
}

/** What a caught value says, whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** A plain object that crosses threads and sockets; `reviveError` turns it back into a SpeakerpostError. */
export interface ErrorRecord {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;
}

export function describeError(error: unknown): ErrorRecord {
  if (error instanceof SpeakerpostError) return { code: error.code, details: error.details };
  return { code: 'INTERNAL', details: { reason: messageOf(error) } };
}

export function reviveError(record: ErrorRecord): SpeakerpostError {
  return new SpeakerpostError(record.code, record.details);
}

/** True when `error` is of the table and has this code. */
export function isError(error: unknown, code: ErrorCode): error is SpeakerpostError {
  return error instanceof SpeakerpostError && error.code === code;
}
