import { SpeakerpostError } from '../runtime/errors.ts';

/** True when the command line itself was wrong. */
export function isUsage(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
}

/** An error as whoever typed the command reads it: what happened, and what to do. */
export function explain(error: unknown): string {
  if (error instanceof SpeakerpostError) return `${error.code}: ${error.message}\n  What to do: ${error.remedy}`;
  if (isUsage(error)) return (error as Error).message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
