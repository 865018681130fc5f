import type { ErrorRecord } from '../../runtime/errors.ts';
import type { RecordingTags } from './recording-file.ts';

/** Media thread to recording thread. Sound itself goes through the ring's memory. */
export type RecordingOrder =
  | {
      readonly kind: 'open';
      readonly id: number;
      readonly path: string;
      readonly tags: RecordingTags;
      readonly ring: SharedArrayBuffer;
    }
  | { readonly kind: 'close'; readonly id: number };

/** Recording thread to media thread. Each recording ends with exactly one of these. */
export type RecordingReport =
  | { readonly kind: 'closed'; readonly id: number; readonly file: string }
  | { readonly kind: 'failed'; readonly id: number; readonly error: ErrorRecord };
