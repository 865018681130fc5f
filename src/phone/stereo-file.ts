import { writeFile } from 'node:fs/promises';
import { MODEL_SAMPLE_RATE_HZ, type RecordingTap } from '../media/contract.ts';
import { formatWav } from '../runtime/wav.ts';

/** A call in memory, to be saved as a WAV file: left what the phone said, right what it heard. */
export class StereoFile implements RecordingTap {
  readonly #said: Float32Array[] = [];
  readonly #heard: Float32Array[] = [];

  write(heard: Float32Array, said: Float32Array): void {
    this.#said.push(said.slice());
    this.#heard.push(heard.slice());
  }

  async save(file: string): Promise<void> {
    await writeFile(file, formatWav(MODEL_SAMPLE_RATE_HZ, [join(this.#said), join(this.#heard)]));
  }
}

function join(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
