import { readFileSync } from 'node:fs';
import { parseWav, type Wav } from '../../src/runtime/wav.ts';

/** What a phone recorded. libsndfile rewrites the header at the close only: a cut recording says it is empty, and is null here. */
export function readRecording(file: string): Wav | null {
  try {
    return parseWav(readFileSync(file), file);
  } catch {
    return null;
  }
}
